//! `enrol run`: everything on one machine, with sample scans going through it.

mod live;
mod samples;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use chrono::Utc;

use self::live::LiveLines;
use crate::{
    demonstration::{self, Clerk, Truth},
    lifecycle::Shutdown,
    local_stack::{self, LocalStack},
    objects::ObjectStore,
    roles::Roles,
    storage::{
        Database,
        accounts::{self, NewAccount, Role},
        progress::Watcher,
        summary::{Summary, summary},
    },
    web,
};

/// Without any change for this long, something is stuck.
const STALLED: Duration = Duration::from_secs(300);

/// Start everything on this machine, put the sample scans through it, and stay up until Ctrl-C
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// Folder for data, logs and secrets of the local servers
    #[arg(long, default_value = local_stack::DEFAULT_FOLDER)]
    folder: PathBuf,
    /// Stop after the summary; the exit code says whether every scan is accounted for
    #[arg(long, env = "ENROL_RUN_ONCE", value_parser = clap::builder::FalseyValueParser::new())]
    once: bool,
    /// Folder of the sample scans and hostile files
    #[arg(long, default_value = "sample-forms")]
    samples: PathBuf,
    /// Start with what is there already and add no samples
    #[arg(long)]
    no_samples: bool,
}

/// Runs the command.
pub fn run(args: &RunArgs) -> anyhow::Result<ExitCode> {
    crate::telemetry::init("enrol-run");
    super::runtime()?.block_on(async {
        let shutdown = Shutdown::on_signals()?;
        println!(
            "Starting PostgreSQL, RabbitMQ and the S3 server in {} ...",
            args.folder.display()
        );
        let started = Instant::now();
        let stack = LocalStack::start(&args.folder).await?;
        println!("Started in {:.1} s.", started.elapsed().as_secs_f32());
        let result = with_stack(args, &stack, &shutdown).await;
        println!("Stopping ...");
        stack.stop().await;
        result
    })
}

async fn with_stack(
    args: &RunArgs,
    stack: &LocalStack,
    shutdown: &Shutdown,
) -> anyhow::Result<ExitCode> {
    let database = Database::connect(&stack.config.database).await?;
    let people = open_accounts(stack, &database).await?;
    let server = web::Server::bind(&stack.config).await?;
    let address = format!("http://{}", server.address());
    let web_shutdown = Shutdown::new();
    let serving = tokio::spawn(server.serve(web_shutdown.clone()));
    let mut roles = Roles::start(stack)?;

    let finished = tokio::select! {
        result = demonstrate(args, stack, &database, &address, &people, &mut roles) => result.map(Some),
        () = shutdown.triggered() => Ok(None),
    };
    let exit_code = match finished {
        Ok(Some(total)) => {
            println!("\n{total}");
            let sound = total.adds_up() && total.in_progress == 0;
            if !sound {
                eprintln!("The sum does not add up, or scans are still on their way.");
            }
            if !args.once {
                people.show(&address);
                stay(&database, shutdown, &mut roles).await?;
            }
            Ok(if sound {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        Ok(None) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
    };
    roles.stop().await;
    web_shutdown.trigger();
    serving.await??;
    database.close().await;
    exit_code
}

/// Puts the samples in, shows them going through, and lets the demonstration clerk settle half of the forms.
async fn demonstrate(
    args: &RunArgs,
    stack: &LocalStack,
    database: &Database,
    address: &str,
    people: &People,
    roles: &mut Roles,
) -> anyhow::Result<Summary> {
    let mut lines = LiveLines::new(Watcher::new(database.clone(), Utc::now()));
    if args.no_samples {
        follow_until_quiet(database, &mut lines, roles).await?;
        return Ok(summary(database).await?);
    }
    let store = ObjectStore::new(&stack.config.objects);
    let uploaded = samples::upload(&store, &args.samples).await?;
    println!(
        "{} files dropped into the bucket{}.",
        uploaded.new.len(),
        if uploaded.known > 0 {
            format!(" ({} are there from an earlier run)", uploaded.known)
        } else {
            String::new()
        },
    );
    follow_in(database, &store, uploaded.new, &mut lines, roles).await?;

    let truths = demonstration::load(&args.samples)?;
    let total = summary(database).await?;
    let half = usize::try_from((total.in_review + total.records) / 2 - total.records).unwrap_or(0);
    if half > 0 {
        println!(
            "\nA demonstration clerk signs in to the web pages and settles {half} of the {} waiting forms from \
             their truth files. The rest are left for you.",
            total.in_review
        );
        let first = the_form_before(&args.samples)?;
        let mut clerk = demonstration_clerk(address, people).await?;
        let mut report = clerk.settle(&first, 1).await?;
        // Another one, which has passed nothing over.
        let mut clerk = demonstration_clerk(address, people).await?;
        let more = clerk.settle(&truths, half - report.settled()).await?;
        report.outcomes.extend(more.outcomes);
        if report.settled() == 0 {
            bail!(
                "the demonstration clerk could not settle any form: {:?}",
                report.outcomes
            );
        }
    }
    follow_until_quiet(database, &mut lines, roles).await?;
    let uploaded = samples::upload_again(&store, &args.samples).await?.new;
    if !uploaded.is_empty() {
        println!(
            "\nHalf a year later a family comes again. The clerk checks the form and says that its people are those on record."
        );
        follow_in(database, &store, uploaded, &mut lines, roles).await?;
        let again = demonstration::load(&args.samples.join(samples::AGAIN))?;
        let mut clerk = demonstration_clerk(address, people).await?;
        clerk.settle(&again, usize::MAX).await?;
        clerk.decide_who_is_on_record().await?;
        follow_until_quiet(database, &mut lines, roles).await?;
    }
    Ok(summary(database).await?)
}

/// The truths of the first forms of those families that come again.
fn the_form_before(samples: &Path) -> anyhow::Result<Vec<Truth>> {
    let mut before = Vec::new();
    for entry in std::fs::read_dir(samples.join(samples::AGAIN))
        .into_iter()
        .flatten()
    {
        before.extend(demonstration::load(
            &samples.join("scans").join(entry?.file_name()),
        )?);
    }
    Ok(before)
}

async fn demonstration_clerk(address: &str, people: &People) -> anyhow::Result<Clerk> {
    let password = &people.demonstration_password;
    Ok(Clerk::sign_in(address, DEMONSTRATION_CLERK, password).await?)
}

/// Shows new objects going through until nothing is on its way.
async fn follow_in(
    database: &Database,
    store: &ObjectStore,
    mut unseen: Vec<(String, String)>,
    lines: &mut LiveLines,
    roles: &mut Roles,
) -> anyhow::Result<()> {
    while !unseen.is_empty() {
        lines.print_new().await?;
        unseen = samples::not_noticed(database, store, unseen).await?;
        lines.check_stalled(STALLED)?;
        roles.check_running()?;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    follow_until_quiet(database, lines, roles).await
}

async fn follow_until_quiet(
    database: &Database,
    lines: &mut LiveLines,
    roles: &mut Roles,
) -> anyhow::Result<()> {
    loop {
        lines.print_new().await?;
        let now = summary(database).await?;
        if now.in_progress == 0 && now.unpublished == 0 {
            return lines.print_new().await;
        }
        lines.check_stalled(STALLED)?;
        roles.check_running()?;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Keeps showing what comes in until Ctrl-C.
async fn stay(database: &Database, shutdown: &Shutdown, roles: &mut Roles) -> anyhow::Result<()> {
    let mut lines = LiveLines::new(Watcher::new(database.clone(), Utc::now()));
    while shutdown.sleep(Duration::from_secs(1)).await {
        lines.print_new().await?;
        roles.check_running()?;
    }
    Ok(())
}

const DEMONSTRATION_CLERK: &str = "demonstration";

struct People {
    shown: Vec<(&'static str, String, &'static str)>,
    demonstration_password: String,
}

impl People {
    fn show(&self, address: &str) {
        println!("\nOpen {address} and sign in:");
        for (user_name, password, what_for) in &self.shown {
            println!("  {user_name:<12} {password:<20} {what_for}");
        }
        println!("Ctrl-C stops everything; the data stays. `enrol down --erase` removes it.");
    }
}

/// Accounts of this installation, with passwords of its own.
async fn open_accounts(stack: &LocalStack, database: &Database) -> anyhow::Result<People> {
    let accounts = [
        (
            "reception",
            "Reception",
            Role::Reception,
            "upload scans, see what became of them",
        ),
        ("clerk", "Clerk", Role::Clerk, "review and settle forms"),
        (
            "supervisor",
            "Supervisor",
            Role::Supervisor,
            "settle what clerks cannot, watch the queue",
        ),
        (DEMONSTRATION_CLERK, "Demonstration clerk", Role::Clerk, ""),
    ];
    let known = accounts::list(database).await?;
    let mut people = People {
        shown: Vec::new(),
        demonstration_password: String::new(),
    };
    for (user_name, display_name, role, what_for) in accounts {
        let password = stack.secret(&format!("password-{user_name}"))?[..16].to_owned();
        if !known.iter().any(|account| account.user_name == user_name) {
            let password_hash = web::password::hash(&password)?;
            let new = NewAccount {
                user_name,
                display_name,
                roles: &[role],
                centres: &[],
                password_hash: &password_hash,
            };
            accounts::put(database, new)
                .await
                .context("cannot make the local accounts")?;
        }
        if user_name == DEMONSTRATION_CLERK {
            people.demonstration_password = password;
        } else {
            people.shown.push((user_name, password, what_for));
        }
    }
    Ok(people)
}
