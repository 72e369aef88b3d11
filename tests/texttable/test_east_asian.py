"""Words of labels in five encodings: the right one is taken, however few there are."""

from __future__ import annotations

import random

import pytest

from podium.texttable.east_asian import EAST_ASIAN, guess_east_asian, is_ordinary

WORDS = {
    "cp949": (
        "고양이 강아지 사과 배 포도 수박 마스크 착용 미착용 남자 여자 청년 "
        "중년 노년 정상 불량 긁힘 이미지 파일명 정답 종류 한식 중식 김치찌개 "
        "된장찌개 비빔밥 떡볶이 자동차 버스 기차 "
    ),
    "cp932": (
        "猫 犬 りんご ぶどう 西瓜 みかん 画像 ラベル ファイル 種類 東京 大阪 "
        "京都 男性 女性 正常 不良 寿司 ラーメン うどん 桜 自動車 電車 飛行機 "
        "子供 大人 赤 青 黄色 "
    ),
    "gb18030": (
        "猫 狗 苹果 葡萄 西瓜 橙子 图片 标签 文件名 类别 男 女 "
        "正常 异常 划痕 汽车 火车 飞机 自行车 树 花 红色 蓝色 绿色 "
        "北京 上海 儿童 成人 老人 米饭 面条 "
    ),
    "cp950": (
        "貓 狗 蘋果 葡萄 西瓜 橙子 圖片 標籤 檔名 類別 男 女 "
        "正常 異常 刮痕 汽車 火車 飛機 腳踏車 樹 花 紅色 藍色 綠色 "
        "台北 高雄 兒童 成人 老人 麵條 "
    ),
}


def _decode(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


@pytest.mark.parametrize(("encoding", "least"), [("cp949", 98), ("cp932", 98), ("gb18030", 94), ("cp950", 94)])
def test_five_labels_are_enough(encoding: str, least: int) -> None:
    rng = random.Random(0)
    n_right = 0
    for _ in range(100):
        labels = rng.sample(WORDS[encoding].split(), 5)
        text = "image,label\n" + "".join(f"{row}.jpg,{rng.choice(labels)}\n" for row in range(20))
        guess = guess_east_asian(text.encode(encoding), decode=_decode)
        n_right += guess is not None and text.encode(encoding).decode(guess) == text
    assert n_right >= least


@pytest.mark.parametrize("encoding", ["cp1252", "cp1251", "cp1253", "cp1250"])
def test_other_alphabets_are_not_taken_for_them(encoding: str) -> None:
    words = {"cp1251": "кошка собака норма брак", "cp1253": "γάτα σκύλος μήλο", "cp1250": "żółty słoń łódź"}
    text = words.get(encoding, "café élève naïve Müller Ærø")
    assert guess_east_asian(text.replace(" ", "\n").encode(encoding), decode=_decode) is None


@pytest.mark.parametrize("encoding", WORDS)
def test_ordinary_words_are_ordinary_in_their_own_encoding(encoding: str) -> None:
    assert is_ordinary(WORDS[encoding], encoding)
    assert not is_ordinary("plain ASCII", encoding)


def test_rare_syllables_are_not_ordinary() -> None:
    assert not is_ordinary("뷁뷁", "cp949")
    assert set(WORDS) < set(EAST_ASIAN)
