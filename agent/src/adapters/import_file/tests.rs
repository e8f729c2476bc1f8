use super::*;

fn csv(text: &str) -> Result<Vec<ImportItem>, BadFile> {
    read(text.as_bytes(), Format::Csv, |_| {})
}

fn json_lines(text: &str) -> Result<Vec<ImportItem>, BadFile> {
    read(text.as_bytes(), Format::JsonLines, |_| {})
}

fn bad(result: Result<Vec<ImportItem>, BadFile>) -> (Vec<BadLine>, u64) {
    match result {
        Err(BadFile::Lines { lines, more }) => (lines, more),
        other => panic!("expected bad lines, got {other:?}"),
    }
}

#[test]
fn both_forms_say_the_same() {
    let from_csv = csv("sku,name,on_hand,barcode\nA-1,Lamp,3,4006\nB-2,\"Sofa, red\",,\n").unwrap();
    let from_json = json_lines(
        "{\"sku\":\"A-1\",\"name\":\"Lamp\",\"on_hand\":3,\"barcode\":\"4006\"}\n\n{\"sku\":\"B-2\",\"name\":\"Sofa, red\"}",
    )
    .unwrap();
    assert_eq!(from_csv, from_json);
    assert_eq!(from_csv[0].on_hand, Some(3));
    assert_eq!(from_csv[1].name.as_deref(), Some("Sofa, red"));
}

#[test]
fn a_bad_line_names_its_number_and_its_reason() {
    let (lines, more) = bad(csv("sku,on_hand\nA-1,3\nB 2,1\nC-3,-4\nD-4,many\nA-1,1\nE-5\n"));
    assert_eq!(more, 0);
    assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
    assert!(lines[0].why.contains("is not a SKU"), "{}", lines[0].why);
    assert!(lines[1].why.contains("on_hand is -4"), "{}", lines[1].why);
    assert!(lines[2].why.contains("whole number"), "{}", lines[2].why);
    assert_eq!(lines[3].why, "SKU A-1 stands already in line 2");
    assert!(lines[4].why.contains("1 columns"), "{}", lines[4].why);
}

#[test]
fn json_lines_are_refused_one_by_one() {
    let long = format!("{{\"sku\":\"{}\"}}", "x".repeat(20_000));
    let text = format!(
        "{{\"sku\":\"A\"}}\nnot json\n{{\"sku\":\"B\",\"colour\":1}}\n{long}\n{{\"sku\":\"C\",\"on_hand\":1.5}}\n"
    );
    let (lines, _) = bad(json_lines(&text));
    assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [2, 3, 4, 5]);
    assert!(lines[1].why.contains("unknown field `colour`"), "{}", lines[1].why);
    assert!(lines[2].why.contains("longer than"), "{}", lines[2].why);
}

#[test]
fn a_flood_of_bad_lines_is_told_in_part() {
    let text = format!("sku\n{}", "a b\n".repeat(50));
    let (lines, more) = bad(csv(&text));
    assert_eq!((lines.len(), more), (IMPORT_ERRORS_TOLD_MAX, 30));
}

#[test]
fn a_wrong_header_is_line_one() {
    for text in ["name,on_hand\nA,1\n", "sku,price\nA,1\n", "sku,sku\nA,B\n"] {
        assert_eq!(bad(csv(text)).0[0].number, 1, "{text}");
    }
    assert!(matches!(csv("sku\n"), Err(BadFile::Empty)));
    assert!(matches!(json_lines(""), Err(BadFile::Empty)));
}

#[test]
fn bytes_that_are_no_text_are_a_bad_line() {
    let (lines, _) = bad(read(&b"sku,name\nA,\xff\xfe\n"[..], Format::Csv, |_| {}));
    assert_eq!(lines[0].why, "not UTF-8 text");
    let (lines, _) = bad(read(&b"{\"sku\":\"\xff\"}\n"[..], Format::JsonLines, |_| {}));
    assert_eq!(lines[0].number, 1);
}

#[test]
fn the_form_follows_from_the_name() {
    assert_eq!(Format::of_name("/tmp/Stock.CSV"), Some(Format::Csv));
    assert_eq!(Format::of_name("a.ndjson"), Some(Format::JsonLines));
    assert_eq!(Format::of_name("stock.xlsx"), None);
}
