//! Who is found on the register, and who is not.

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use super::support::Stage;
use crate::{
    matching::{
        Kind, Parameters, Traits, Verdict, compare,
        population::{self, Story},
    },
    storage::match_keys,
};

/// A database in which people need no form and no household.
async fn register() -> Stage {
    let stage = Stage::new().await;
    stage
        .execute("ALTER TABLE match_key DROP CONSTRAINT match_key_service_user_id_fkey")
        .await;
    stage
}

fn carer() -> Traits {
    Traits {
        kind: Kind::Carer,
        first_name: "Katherine".to_owned(),
        middle_names: None,
        surname: "O\u{2019}Hartwell".to_owned(),
        known_as: None,
        date_of_birth: NaiveDate::from_ymd_opt(1991, 4, 7),
        nhs_number: Some("9990000018".to_owned()),
        phones: vec!["07700900123".to_owned(), "01632960001".to_owned()],
        email: Some("k.hartwell@example.org".to_owned()),
        address_line: Some("14 Kestrel Road".to_owned()),
        postcode: Some("ZZ1 1AA".to_owned()),
        gender: Some("female".to_owned()),
    }
}

/// Somebody of whom nothing else is known.
fn only(first: &str, surname: &str) -> Traits {
    Traits {
        first_name: first.to_owned(),
        surname: surname.to_owned(),
        date_of_birth: None,
        nhs_number: None,
        phones: Vec::new(),
        email: None,
        address_line: None,
        postcode: None,
        gender: None,
        ..carer()
    }
}

async fn found(connection: &mut PgConnection, traits: &Traits) -> Vec<Uuid> {
    let candidates = match_keys::candidates(connection, traits).await.unwrap();
    candidates.people.into_iter().map(|(id, _)| id).collect()
}

#[tokio::test]
async fn a_person_is_found_by_each_key_alone_and_comes_back_whole() {
    let stage = register().await;
    let connection = &mut *stage.database.pool().acquire().await.unwrap();
    let id = Uuid::now_v7();
    match_keys::keep(connection, id, &carer()).await.unwrap();
    let stranger = || only("Zuzanna", "Wieczorek");
    let (number, born) = (carer().nhs_number, carer().date_of_birth);
    let asked = [
        Traits {
            nhs_number: number,
            ..stranger()
        },
        Traits {
            date_of_birth: born,
            ..stranger()
        },
        Traits {
            date_of_birth: NaiveDate::from_ymd_opt(1991, 7, 4),
            ..stranger()
        },
        Traits {
            phones: vec!["01632960001".to_owned()],
            ..stranger()
        },
        Traits {
            email: Some("K.Hartwell@example.org".to_owned()),
            ..stranger()
        },
        Traits {
            postcode: Some("zz11aa".to_owned()),
            ..stranger()
        },
        only("Kate", "OHartwell"),
        only("OHARTWELL", "CATHERINE"),
        only("Katherine", "Ohastwell"),
    ];
    for (number, asked) in asked.iter().enumerate() {
        assert_eq!(found(connection, asked).await, [id], "number {number}");
    }
    assert!(found(connection, &stranger()).await.is_empty());
    let (_, traits) = match_keys::candidates(connection, &carer())
        .await
        .unwrap()
        .people
        .remove(0);
    assert!(traits == carer());
    let child = Traits {
        kind: Kind::Child,
        ..carer()
    };
    assert!(
        found(connection, &child).await.is_empty(),
        "a child is no carer"
    );
}

#[tokio::test]
async fn keys_are_replaced_and_forgotten() {
    let stage = register().await;
    let connection = &mut *stage.database.pool().acquire().await.unwrap();
    let id = Uuid::now_v7();
    match_keys::keep(connection, id, &carer()).await.unwrap();
    let moved = Traits {
        phones: vec!["07700900999".to_owned()],
        ..carer()
    };
    match_keys::keep(connection, id, &moved).await.unwrap();
    let by_phone = |phone: &str| Traits {
        phones: vec![phone.to_owned()],
        ..only("Zuzanna", "Wieczorek")
    };
    assert_eq!(found(connection, &by_phone("07700900999")).await, [id]);
    assert!(found(connection, &by_phone("07700900123")).await.is_empty());
    match_keys::forget(connection, id).await.unwrap();
    match_keys::forget(connection, id).await.unwrap();
    assert!(found(connection, &carer()).await.is_empty());
}

#[tokio::test]
async fn keys_go_with_the_service_user() {
    let stage = Stage::new().await;
    let cascading = stage
        .count(
            "SELECT count(*) FROM pg_constraint WHERE conrelid = 'match_key'::regclass AND contype = 'f'
               AND confrelid = 'service_user'::regclass AND confdeltype = 'c'",
        )
        .await;
    assert_eq!(cascading, 1);
}

#[tokio::test]
async fn of_a_whole_town_the_right_person_comes_first() {
    let stage = register().await;
    let connection = &mut *stage.database.pool().acquire().await.unwrap();
    let town = population::generate(1_500, 21);
    let id = |place: usize| Uuid::from_u128(place as u128);
    for (place, traits) in town.register.iter().enumerate() {
        match_keys::keep(connection, id(place), traits)
            .await
            .unwrap();
    }
    let parameters = Parameters::bundled();
    let (mut known, mut lost, mut first) = (0, 0, 0);
    for arrival in &town.arrivals {
        let candidates = match_keys::candidates(connection, &arrival.traits)
            .await
            .unwrap();
        let namesakes = Some(candidates.namesakes);
        let candidates = candidates.people;
        assert!(candidates.len() <= 50);
        for (candidate, traits) in &candidates {
            let comparison = compare(parameters, &arrival.traits, traits, namesakes);
            if parameters.verdict(&comparison) == Verdict::Same {
                assert_eq!(
                    Some(*candidate),
                    arrival.truth.map(id),
                    "{:?}",
                    arrival.story
                );
            }
        }
        if let Some(truth) = arrival.truth.map(id) {
            known += 1;
            lost += usize::from(candidates.iter().all(|(found, _)| *found != truth));
            first += usize::from(candidates.first().is_some_and(|(found, _)| *found == truth));
        }
    }
    assert!(known > 200 && town.arrivals.iter().any(|a| a.story == Story::Sibling));
    assert!(lost * 200 <= known, "{lost} of {known} lost");
    assert!(first * 100 >= known * 97, "{first} of {known} came first");
}
