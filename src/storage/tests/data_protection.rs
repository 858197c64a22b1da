//! The list of columns in the page for the information-governance officer against the database.

use std::collections::BTreeMap;

use super::support::Stage;

/// Columns by table, as the page lists them: of a family, Article 9, of staff, other.
fn listed() -> BTreeMap<String, [Vec<String>; 4]> {
    let page = include_str!("../../../docs/data-protection-fields.md");
    let names = |cell: &str| -> Vec<String> {
        let quoted = cell.split('`').skip(1).step_by(2);
        quoted.map(str::to_owned).collect()
    };
    page.lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            let [table, family, special, staff, other] = cells[..] else {
                panic!("a row has five cells: {line}");
            };
            let table = names(table).remove(0);
            (table, [family, special, staff, other].map(names))
        })
        .collect()
}

#[tokio::test]
async fn every_column_stands_in_the_list_for_the_information_governance_officer() {
    let stage = Stage::new().await;
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations' ORDER BY 1, 2",
    )
    .fetch_all(stage.database.pool())
    .await
    .unwrap();
    let mut kept: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in rows {
        kept.entry(table).or_default().push(column);
    }
    let listed = listed();
    let told: BTreeMap<String, Vec<String>> = listed
        .iter()
        .map(|(table, groups)| {
            let mut columns = groups.concat();
            columns.sort();
            (table.clone(), columns)
        })
        .collect();
    for (table, columns) in &kept {
        assert_eq!(
            told.get(table),
            Some(columns),
            "docs/data-protection-fields.md says something else about {table}"
        );
    }
    let gone: Vec<&String> = told.keys().filter(|t| !kept.contains_key(*t)).collect();
    assert!(gone.is_empty(), "listed, and not in the database: {gone:?}");

    // What is sealed is Article 9 data, and the key that seals nothing else is no value.
    for (table, [_, special, _, _]) in &listed {
        let sealed = kept[table].iter().any(|c| c == "sealed") && table != "data_key";
        assert_eq!(special.iter().any(|c| c == "sealed"), sealed, "{table}");
    }
}
