"""How the command line reads the data sets that more than one benchmark uses."""

MASK7_FOLDER = "mask7_semisynth/train/images"
MASK7_FLAGS = [
    *(
        "--pattern",
        "{id}_{gender}_{race}_{age:int}/{mask}*",
        "--label-columns",
        "mask",
        "gender",
        "age",
        "--group",
        "id",
    ),
    *("--bins", "age=30,60", "--classes", "mask=mask,incorrect_mask,normal", "gender=male,female"),
]
