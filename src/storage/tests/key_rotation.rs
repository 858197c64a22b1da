//! Changing the key that special-category values are sealed with.

use sqlx::Row;

use super::second_stage::{Office, SPECIAL_FIELD};
use crate::storage::key_rotation;
use crate::storage::sealing::{Sealer, SealingError};
use crate::storage::{StorageError, service_users};

#[tokio::test]
async fn everything_is_sealed_anew_and_the_old_key_can_go() {
    let office = Office::new(&[]).await;
    let form = office.read(1, &[]).await;
    office.submit(form, &[], &[]).await.unwrap();
    let db = &office.stage.database;
    let household: uuid::Uuid = sqlx::query_scalar("SELECT id FROM household")
        .fetch_one(db.pool())
        .await
        .unwrap();
    let before = service_users::special_of_household(db, &office.stage.sealer, household)
        .await
        .unwrap();
    assert_eq!(before[SPECIAL_FIELD], "white_irish");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    // Another organisation's key opens nothing, and nothing is harmed by trying.
    Sealer::create_key_file(&path).unwrap();
    let stranger = Sealer::from_key_file(&path).unwrap();
    let refused = key_rotation::rotate(db, &stranger).await;
    assert!(matches!(
        refused,
        Err(StorageError::Sealing(SealingError::UnknownKey(_)))
    ));

    let path = office.stage.key_file();
    let old = std::fs::read_to_string(&path).unwrap();
    let new = Sealer::add_key(&path).unwrap();
    let both = Sealer::from_key_file(&path).unwrap();
    assert!(key_rotation::rotate(db, &both).await.unwrap() > 1);
    assert_eq!(key_rotation::rotate(db, &both).await.unwrap(), 0);
    let sealed = key_rotation::sealed(db).await.unwrap();
    assert!(!sealed.is_empty() && sealed.iter().all(|row| row.key_id == new));

    // Only the new key is left.
    let lines = std::fs::read_to_string(&path).unwrap();
    let only: Vec<&str> = lines
        .lines()
        .filter(|line| !old.lines().any(|l| l == *line))
        .collect();
    std::fs::write(&path, only.join("\n")).unwrap();
    let alone = Sealer::from_key_file(&path).unwrap();
    let after = service_users::special_of_household(db, &alone, household)
        .await
        .unwrap();
    assert_eq!(after, before);
}

#[tokio::test]
async fn no_table_with_sealed_values_is_forgotten() {
    let office = Office::new(&[]).await;
    let rows = sqlx::query(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'sealed' AND table_schema = 'public'",
    )
    .fetch_all(office.stage.database.pool())
    .await
    .unwrap();
    let mut tables: Vec<String> = rows.iter().map(|row| row.get("table_name")).collect();
    tables.sort();
    let mut known: Vec<&str> = key_rotation::tables().collect();
    known.sort_unstable();
    assert_eq!(tables, known);
}
