//! Proof that the walls hold on the machine the tests run on.

mod common;

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::{decoder, pdf};
use enrol::decoding::{DecodeError, DecodeLimits, Decoder};
use nix::libc::{SIGABRT, SIGSEGV, SIGSYS, SIGXCPU};

fn attempt(what: &str, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_enrol-decoder"))
        // As the client does: with RUST_BACKTRACE set, an abort would open files to explain itself.
        .env_clear()
        .args(["--attempt", what])
        .args(more)
        .stdin(Stdio::null())
        .output()
        .expect("the decoder starts")
}

#[test]
fn files_network_programs_and_threads_are_out_of_reach() {
    for what in [
        "open",
        "write-file",
        "socket",
        "socket-pair",
        "exec",
        "fork",
        "thread",
        "signal",
    ] {
        let ended = attempt(what, &[]);
        assert_eq!(ended.status.signal(), Some(SIGSYS), "{what}: {ended:?}");
    }
    assert!(!std::path::Path::new("/tmp/enrol-decoder-attempt").exists());
}

#[test]
fn memory_time_and_stack_are_bounded() {
    assert_eq!(attempt("memory", &[]).status.signal(), Some(SIGABRT));
    let since = Instant::now();
    assert_eq!(
        attempt("cpu", &["--max-cpu", "1"]).status.signal(),
        Some(SIGXCPU)
    );
    assert!(since.elapsed() < Duration::from_secs(60));
    let signal = attempt("stack", &[]).status.signal();
    assert!(
        [Some(SIGSEGV), Some(SIGABRT)].contains(&signal),
        "{signal:?}"
    );
}

#[test]
fn a_panic_is_an_error_line() {
    let ended = attempt("panic", &[]);
    assert!(ended.status.success());
    let line = String::from_utf8(ended.stdout).expect("text");
    assert!(
        line.contains("\"damaged\"") && line.contains("main.rs"),
        "{line}"
    );
}

#[test]
fn the_client_leaves_the_environment_empty() {
    // A stand-in for the decoder that tells what it was given.
    let folder = tempfile::tempdir().expect("temporary folder");
    let program = folder.path().join("decoder");
    let script = "#!/bin/sh\ncat > /dev/null\n\
        printf '{\"error\":{\"code\":\"damaged\",\"message\":\"%s\"}}\\n' \"$(/usr/bin/env | /usr/bin/tr '\\n' ' ')\"\n";
    std::fs::write(&program, script).expect("write");
    make_executable(&program);
    let error = Decoder::at(&program)
        .decode(b"anything", &DecodeLimits::default())
        .expect_err("it says so");
    let text = error.to_string();
    // What a shell adds by itself; nothing of ours (PATH, HOME, keys) may be there.
    for word in text
        .trim_start_matches("file is damaged: ")
        .split_whitespace()
    {
        let name = word.split('=').next().unwrap_or_default();
        assert!(["PWD", "SHLVL", "_", "OLDPWD"].contains(&name), "{text}");
    }
}

#[test]
fn a_decoder_that_hangs_is_killed() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let program = folder.path().join("decoder");
    std::fs::write(&program, "#!/bin/sh\nexec sleep 600\n").expect("write");
    make_executable(&program);
    let limits = DecodeLimits {
        max_wait_per_page: Duration::from_millis(300),
        ..DecodeLimits::default()
    };
    let since = Instant::now();
    let error = Decoder::at(&program)
        .decode(b"anything", &limits)
        .expect_err("it hangs");
    assert!(
        matches!(error, DecodeError::TimedOut { waiting: true }),
        "{error:?}"
    );
    assert!(error.is_retryable());
    assert!(since.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_decoder_that_lies_or_is_missing_does_no_harm() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let program = folder.path().join("decoder");
    for (script, code) in [
        (
            "echo '{\"page\":1,\"width\":6000,\"height\":6000,\"dpi\":null,\"source\":\"pdf\",\"bytes\":36000000}'",
            "damaged",
        ),
        ("echo '{\"end\":true,\"pages\":3}'", "damaged"),
        ("cat /dev/zero", "damaged"),
        ("kill -KILL $$", "killed"),
        ("kill -SYS $$", "damaged"),
        ("kill -XCPU $$", "timed_out"),
        (
            "echo 'memory allocation of 5 bytes failed' >&2; kill -ABRT $$",
            "out_of_memory",
        ),
        ("exit 1", "decoder_not_started"),
    ] {
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("write");
        make_executable(&program);
        let error = Decoder::at(&program)
            .decode(b"anything", &DecodeLimits::default())
            .expect_err("nothing good comes of it");
        assert_eq!(error.code(), code, "{script}: {error:?}");
    }
    let missing = Decoder::at("/nonexistent/enrol-decoder").decode(b"x", &DecodeLimits::default());
    assert!(matches!(missing, Err(DecodeError::NotStarted(_))));
}

#[test]
fn the_decoder_ends_with_its_reader() {
    // A reader that goes away in the middle of a page must not leave a process behind.
    let bytes = pdf::file((0..20).map(|_| pdf::drawing("")).collect());
    let mut child = Command::new(env!("CARGO_BIN_EXE_enrol-decoder"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the decoder starts");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(&bytes)
        .expect("it reads");
    drop(child.stdout.take());
    assert!(child.wait().expect("it ends").code().is_some());
}

#[test]
fn an_ordinary_page_is_cheap() {
    // A4 at 300 dots per inch, drawn: the costlier of the two ways.
    let mut page = pdf::scan(pdf::flate_image());
    page.sides = (595.0, 842.0);
    page.commands = "q 595 0 0 842 0 0 cm /I Do Q 0 g 100 100 200 200 re f".into();
    let bytes = pdf::file(vec![page, pdf::drawing("0 g 10 10 200 200 re f")]);
    let summary = decoder()
        .decode_each(&bytes, &DecodeLimits::default(), |_| {
            Ok::<_, DecodeError>(())
        })
        .expect("two pages");
    assert_eq!(summary.pages, 2);
    // More than the grey pixels of the page, less than the 300 MB promised for a page.
    assert!(
        (8_500..300_000).contains(&summary.peak_memory_kib),
        "{summary:?}"
    );
}

fn make_executable(program: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).expect("chmod");
}
