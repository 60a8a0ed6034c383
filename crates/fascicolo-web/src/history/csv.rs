//! A table that spreadsheets open without taking a cell for a formula (ASVS V1.2.10).

/// What a spreadsheet needs to read accents: the byte order mark of UTF-8.
pub(super) const MARK: &str = "\u{feff}";

/// One line. Every cell is quoted; Italian spreadsheets split at semicolons.
pub(super) fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    cells.join(";") + "\r\n"
}

fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_begins_like_a_formula_is_text() {
        for first in ["=1+1", "+1", "-1", "@x", "\tx", "\rx"] {
            assert_eq!(line([first]), format!("\"'{first}\"\r\n"));
        }
        assert_eq!(line(["a;\"b\"", "", "è"]), "\"a;\"\"b\"\"\";\"\";\"è\"\r\n");
    }
}
