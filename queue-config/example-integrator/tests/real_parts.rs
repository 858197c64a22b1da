//! The integrator against the real database, broker, relay and API: in step through lost and repeated messages, shut out of
//! what is not its own, and cut off at once.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall say where"
)]
#![allow(clippy::allow_attributes, reason = "one for the whole file")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use chrono::Utc;
use enrol::domain::household::{ConsentAnswer, MemberRole};
use enrol::domain::recipient::{Basis, Terms};
use enrol::domain::recipient_fields::FieldGroup;
use enrol::lifecycle::Shutdown;
use enrol::local_stack::LocalStack;
use enrol::messaging::cloud_event::{Contact, MemberReference, contact_created, contact_updated};
use enrol::messaging::topology;
use enrol::storage::audit::Actor;
use enrol::storage::register::withdrawal::{self, Said, Withdrawal};
use enrol::storage::sealing::Sealer;
use enrol::storage::{Database, api_tokens, outbox, recipients};
use enrol::web::{EVENTS_READ, READ, Server, random_token, token_hash};
use enrol_example_integrator::copy::Copy;
use enrol_example_integrator::keeper::Keeper;
use enrol_example_integrator::queue::follow;
use enrol_example_integrator::register::{Api, AskError, Register};
use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions, QueueDeclareOptions,
    QueuePurgeOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Connection, ConnectionProperties};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use secrecy::ExposeSecret;
use uuid::Uuid;

const PASSWORD: &str = "a password for tests";

struct World {
    stack: LocalStack,
    database: Database,
    url: String,
    running: Shutdown,
}

impl World {
    async fn start(folder: &std::path::Path) -> Self {
        let mut stack = LocalStack::start(&folder.join("stack")).await.unwrap();
        stack.config.web.listen = "127.0.0.1:0".to_owned();
        // Styles are npm's business, not this test's.
        std::fs::write(folder.join("enrol.css"), "").unwrap();
        stack.config.web.assets_folder = folder.to_owned();
        stack.config.web.api_requests_per_minute = 100_000;
        let server = Server::bind(&stack.config).await.unwrap();
        let url = format!("http://{}", server.address());
        stack.config.web.public_url.clone_from(&url);
        let running = Shutdown::new();
        running.spawn(server.serve(running.clone()));
        let (config, stopping) = (stack.config.clone(), running.clone());
        running.spawn(async move { enrol_relay::run(&config, &stopping).await.unwrap() });
        let database = Database::connect(&stack.config.database).await.unwrap();
        Self {
            stack,
            database,
            url,
            running,
        }
    }

    /// Registers a recipient by consent with a queue; answers its id and token.
    async fn recipient(&self) -> (Uuid, String) {
        let terms = Terms {
            organisation: "housing".to_owned(),
            name: "Housing system".to_owned(),
            contact: "housing@example.org".to_owned(),
            purpose: "To offer families homes".to_owned(),
            basis: Basis::Consent,
            responsible: None,
            scopes: vec![READ.to_owned(), EVENTS_READ.to_owned()],
            field_groups: BTreeSet::from([FieldGroup::Identity, FieldGroup::Children]),
            centres: vec![],
            has_queue: true,
            valid_until: Utc::now().date_naive() + chrono::Days::new(10),
        };
        let id = recipients::register(&self.database, &terms, Actor::Machine)
            .await
            .unwrap();
        let token = random_token();
        api_tokens::add(&self.database, id, &token_hash(&token), Actor::Machine)
            .await
            .unwrap();
        (id, token)
    }

    async fn run(&self, sql: &'static str, id: Uuid) {
        sqlx::query(sql)
            .bind(id)
            .execute(self.database.pool())
            .await
            .unwrap();
    }

    /// A family with one carer, and the event about it.
    async fn create(&self, shares: bool) -> (Uuid, Uuid) {
        let (form, household, carer) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        for sql in [
            "INSERT INTO form (id, reference, definition_id, definition_version, state, received_at)
             VALUES ($1, $1::text, 'registration', 1, 'settled', now())",
            "INSERT INTO document (id, bucket, object_key, object_version, size_bytes, received_at, state, next_attempt_at)
             VALUES ($1, 'b', $1::text, '1', 1, now(), 'read', now())",
            "INSERT INTO page (id, document_id, number, outcome) VALUES ($1, $1, 1, 'blank')",
        ] {
            self.run(sql, form).await;
        }
        let answer = if shares { "yes" } else { "no" };
        for sql in [
            "INSERT INTO household (id, details, created_at, as_of) VALUES ($2, '{}', now(), current_date)",
            "INSERT INTO registration (form_id, household_id, made, as_of, registered_at) VALUES ($1, $2, true, current_date, now())",
            "INSERT INTO service_user (id, kind, first_name, surname, details, created_at, changed_at, as_of)
             VALUES ($3, 'carer', 'GRACE', 'EXAMPLE', '{}', now(), now(), current_date)",
            "INSERT INTO household_member (household_id, service_user_id, role, position, joined_on)
             VALUES ($2, $3, 'primary_carer', 1, current_date)",
        ] {
            // Each uses some of the three; the others are named so that the types are known.
            let sql = sqlx::AssertSqlSafe(format!("WITH ids AS (SELECT $1::uuid, $2::uuid, $3::uuid) {sql}"));
            sqlx::query(sql)
                .bind(form)
                .bind(household)
                .bind(carer)
                .execute(self.database.pool())
                .await
                .unwrap();
        }
        sqlx::query(
            "INSERT INTO consent (id, household_id, purpose, answer, wording, wording_version, page_id, zone_mm, captured_at,
                                  service_user_id) VALUES ($1, $2, 'sharing', $3, 'Share?', '1', $1, '{}', now(), $4)",
        )
        .bind(form)
        .bind(household)
        .bind(answer)
        .bind(carer)
        .execute(self.database.pool())
        .await
        .unwrap();
        self.announce(household, carer, true).await;
        (household, carer)
    }

    async fn announce(&self, household: Uuid, carer: Uuid, created: bool) {
        let contact = Contact {
            household_id: household,
            service_user_id: carer,
            members: vec![MemberReference {
                id: carer,
                role: MemberRole::PrimaryCarer,
            }],
            centre: None,
            form_reference: "F-000001".to_owned(),
            consents: BTreeMap::from([("sharing".to_owned(), ConsentAnswer::Yes)]),
        };
        let (id, now) = (Uuid::now_v7(), Utc::now());
        let event = if created {
            contact_created(id, now, &self.url, &contact)
        } else {
            contact_updated(id, now, &self.url, &contact, &["surname".to_owned()])
        };
        let mut connection = self.database.pool().acquire().await.unwrap();
        outbox::insert(&mut connection, &event).await.unwrap();
    }

    /// Runs `rabbitmqctl` against the stack's node.
    fn control(&self, arguments: &[&str], input: &str) {
        let home = self.stack.folder().join("rabbitmq");
        let identity = self.stack.secret("broker-node").unwrap();
        let parts = self.stack.parts();
        let mapper = parts
            .iter()
            .find(|p| p.name == "Erlang port mapper")
            .unwrap();
        let mut child = Command::new("/usr/lib/rabbitmq/bin/rabbitmqctl")
            .args(["-q", "-n", &format!("enrol-{}@localhost", &identity[..8])])
            .args(arguments)
            .env("HOME", home)
            .env("ERL_EPMD_PORT", mapper.address.rsplit(':').next().unwrap())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        assert!(child.wait().unwrap().success(), "rabbitmqctl {arguments:?}");
    }

    fn broker_of(&self, user: &str) -> String {
        let own = self.stack.config.broker.url.expose_secret().to_owned();
        let (_, host) = own.split_once('@').unwrap();
        format!("amqp://{user}:{}@{host}", PASSWORD.replace(' ', "%20"))
    }

    async fn wait_until(&self, what: &str, query: &'static str) {
        for _ in 0..300 {
            let done: bool = sqlx::query_scalar(query)
                .fetch_one(self.database.pool())
                .await
                .unwrap();
            if done {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("not within 30 s: {what}");
    }
}

const QUEUE_THERE: &str = "SELECT bool_and(queue_made_at IS NOT NULL) FROM recipient";
const ALL_HANDED_OUT: &str = "SELECT NOT EXISTS (SELECT FROM outbox WHERE shared_at IS NULL)
    AND NOT EXISTS (SELECT FROM sharing_check) AND NOT EXISTS (SELECT FROM recipient_event WHERE published_at IS NULL)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_step_with_the_real_register_and_cut_off_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(
        folder.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let world = World::start(folder.path()).await;
    let (id, token) = world.recipient().await;
    world.wait_until("its queue is made", QUEUE_THERE).await;
    let queue = topology::recipient_queue(id);
    let user = id.to_string();
    world.control(&["add_user", &user], PASSWORD);
    let reads = format!("^{}$", queue.replace('.', "\\."));
    world.control(
        &["set_permissions", "-p", "/", &user, "^$", "^$", &reads],
        "",
    );
    let broker = world.broker_of(&user);
    shut_out_of_the_rest(&broker, &queue).await;

    let file = folder.path().join("copy.json");
    let following = {
        let (broker, queue, file, api) = (
            broker.clone(),
            queue.clone(),
            file.clone(),
            Api::new(&world.url, &token).unwrap(),
        );
        tokio::spawn(async move {
            let mut keeper = Keeper::new(Copy::default(), api);
            follow(&broker, &queue, &mut keeper, &file).await
        })
    };
    histories(&world, id, &queue).await;
    a_withdrawal_reaches_the_copy_by_the_queue(&world, &file).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut keeper = Keeper::new(
        Copy::load(&file).unwrap(),
        Api::new(&world.url, &token).unwrap(),
    );
    assert!(
        keeper.copy.position > 5,
        "the queue brought events: {}",
        keeper.copy.position
    );
    keeper.catch_up().await.unwrap();
    let api = Api::new(&world.url, &token).unwrap();
    let given = api.households().await.unwrap();
    assert!(given.len() >= 3, "{given:?}");
    assert_eq!(keeper.copy.households.len(), given.len());
    for (household, revision) in &given {
        assert_eq!(
            keeper.copy.households[household].record["revision"], **revision,
            "{household}"
        );
    }
    let by_event: i64 = sqlx::query_scalar("SELECT count(*) FROM disclosure WHERE via = 'event'")
        .fetch_one(world.database.pool())
        .await
        .unwrap();
    assert!(by_event > 10, "{by_event} disclosures by event");

    recipients::revoke(
        &world.database,
        id,
        "The agreement has ended",
        Actor::Machine,
    )
    .await
    .unwrap();
    assert!(
        matches!(keeper.catch_up().await, Err(AskError::CutOff)),
        "its next call is refused"
    );
    assert!(keeper.copy.households.is_empty());
    world.create(true).await;
    let ended = tokio::time::timeout(Duration::from_secs(20), following).await;
    assert!(ended.expect("the consumer is cut off").unwrap().is_err());
    assert!(!is_there(&world, &queue).await, "its queue is gone");
    let later: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM recipient_event e JOIN recipient r ON r.id = e.recipient_id
        WHERE e.happened_at > r.revoked_at",
    )
    .fetch_one(world.database.pool())
    .await
    .unwrap();
    assert_eq!(later, 0, "nothing is announced to it any more");
    world.running.trigger();
    world.running.finished(Duration::from_secs(15)).await;
    world.database.close().await;
    world.stack.stop().await;
}

/// Families come, change, say no and yes again; messages are lost with their queue and repeated.
async fn histories(world: &World, id: Uuid, queue: &str) {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut families = vec![
        world.create(true).await,
        world.create(false).await,
        world.create(true).await,
    ];
    for step in 0..40 {
        let (household, carer) = families[rng.random_range(0..families.len())];
        match rng.random_range(0..4) {
            0 => families.push(world.create(rng.random_bool(0.7)).await),
            1 => {
                world.run("UPDATE service_user SET surname = surname || 'A', version = version + 1 WHERE id = $1", carer).await;
                world.announce(household, carer, false).await;
            }
            2 => {
                world
                    .run(
                        "UPDATE consent SET answer = 'no' WHERE household_id = $1",
                        household,
                    )
                    .await
            }
            _ => {
                world
                    .run(
                        "UPDATE consent SET answer = 'yes' WHERE household_id = $1",
                        household,
                    )
                    .await;
                world.announce(household, carer, false).await;
            }
        }
        if step % 15 == 7 {
            let (connection, channel) = own_channel(world).await;
            channel
                .queue_purge(queue.into(), QueuePurgeOptions::default())
                .await
                .unwrap();
            connection.close(200, "done".into()).await.unwrap();
        }
        if step % 15 == 12 {
            let (from, until) = (
                Utc::now() - chrono::Days::new(1),
                Utc::now() + chrono::Days::new(1),
            );
            assert!(
                recipients::events::replay(&world.database, id, from, until)
                    .await
                    .unwrap()
                    > 0
            );
        }
    }
    world
        .wait_until("all events are handed out", ALL_HANDED_OUT)
        .await;
}

/// A family that takes its consent to sharing back is gone from the copy without the integrator asking for anything.
async fn a_withdrawal_reaches_the_copy_by_the_queue(world: &World, file: &std::path::Path) {
    let (household, carer) = world.create(true).await;
    let household = household.to_string();
    let becomes = async |kept: bool| {
        for _ in 0..300 {
            let copy = Copy::load(file).unwrap();
            if copy.households.contains_key(&household) == kept {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("not within 30 s: the copy holds the family: {kept}");
    };
    becomes(true).await;
    let keys = &world.stack.config.keys.special_category_key_file;
    let taken_back = Withdrawal {
        person: carer,
        purpose: "sharing".to_owned(),
        said: Said::ByLink,
        at: Utc::now(),
    };
    let sealer = Sealer::from_key_file(keys).unwrap();
    withdrawal::withdraw(&world.database, &sealer, &world.url, &taken_back)
        .await
        .unwrap();
    becomes(false).await;
}

async fn own_channel(world: &World) -> (Connection, lapin::Channel) {
    let url = world.stack.config.broker.url.expose_secret();
    let connection = Connection::connect(url, ConnectionProperties::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}

async fn is_there(world: &World, queue: &str) -> bool {
    let (_connection, channel) = own_channel(world).await;
    enrol::messaging::queue_depth(&channel, queue).await.is_ok()
}

/// The recipient's broker user may read its queue and do nothing else.
async fn shut_out_of_the_rest(broker: &str, queue: &str) {
    let connection = Connection::connect(broker, ConnectionProperties::default())
        .await
        .unwrap();
    let channel = async || connection.create_channel().await.unwrap();
    let others = consume(&channel().await, topology::RECIPIENTS_QUEUE.name).await;
    assert!(others.is_err(), "another queue");
    let bound = channel()
        .await
        .queue_bind(
            queue.into(),
            topology::EVENTS.name.into(),
            "#".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await;
    assert!(bound.is_err(), "all events into its queue");
    let made = channel()
        .await
        .queue_declare(
            "mine".into(),
            QueueDeclareOptions::default(),
            FieldTable::default(),
        )
        .await;
    assert!(made.is_err(), "a queue of its own making");
    let publishing = channel().await;
    publishing
        .confirm_select(ConfirmSelectOptions::default())
        .await
        .unwrap();
    let sent = publishing
        .basic_publish(
            topology::EVENTS.name.into(),
            "uk.enrol.contact.created.v1".into(),
            BasicPublishOptions::default(),
            b"{}",
            BasicProperties::default(),
        )
        .await;
    let confirmed = match sent {
        Ok(confirm) => confirm.await.is_ok_and(|c| c.is_ack()),
        Err(_) => false,
    };
    assert!(!confirmed, "an event of its own making");
}

async fn consume(channel: &lapin::Channel, queue: &str) -> lapin::Result<lapin::Consumer> {
    channel
        .basic_consume(
            queue.into(),
            "".into(),
            lapin::options::BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await
}
