// Sorts a table by the column whose heading is pressed. Without this script the page lacks nothing else.
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, place) => {
    if (heading.dataset.sort === undefined) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => {
        const cell = row.cells[place], data = cell.querySelector("data");
        return heading.dataset.sort === "number" ? (data ? Number(data.value) : -Infinity) : cell.textContent.trim();
      };
      const order = (a, b) =>
        heading.dataset.sort === "number" ? key(a) - key(b) : key(a).localeCompare(key(b), undefined, { numeric: true });
      const rows = [...table.tBodies[0].rows].sort((a, b) => (down ? order(b, a) : order(a, b)));
      table.tBodies[0].append(...rows);
    });
  });
}
