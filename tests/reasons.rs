//! The table of reasons in docs/reasons.md is the one of the library.

use meshvitals::Reason;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reasons.md");

const HEAD: &str = "\
# Reasons

Every result, event and snapshot carries a reason: a stable number that says which
step failed and how, the same in every language, with the same text. A number is
never changed or used again. Where a line names a *detail*, the number beside the
reason is that (`errno`, a status code, a code of the target).

| numbers | step |
| --- | --- |
| 1xx | resolving a name |
| 2xx | connecting |
| 3xx | shaking hands for TLS |
| 4xx | sending |
| 5xx | receiving |
| 6xx | the answer is not the expected one |
| 7xx | silence |
| 80x, 81x | the fault is on this side: the outcome is LOCAL and says nothing of the target |
| 90x | functions and programs of the host, paths |
| 100x | changes of a status that no result made |
| from 10000 | reasons of the host program |

";

fn table() -> String {
    let mut text =
        HEAD.to_owned() + "| number | name | text | meaning |\n| --- | --- | --- | --- |\n";
    for ((reason, name), meaning) in Reason::ALL.iter().zip(Reason::MEANINGS) {
        let meaning = meaning.split_whitespace().collect::<Vec<_>>().join(" ");
        text += &format!("| {} | `{name}` | {reason} | {meaning} |\n", reason.0);
    }
    text
}

#[test]
fn the_page_of_the_reasons_is_the_table_of_the_library() {
    let table = table();
    if std::env::var_os("UPDATE_REASONS").is_some() {
        std::fs::write(PATH, &table).expect("the page");
    }
    let page = std::fs::read_to_string(PATH).expect("docs/reasons.md");
    assert_eq!(Reason::ALL.len(), Reason::MEANINGS.len());
    assert!(page == table, "docs/reasons.md is old; UPDATE_REASONS=1 writes it anew");
}
