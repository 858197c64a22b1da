//! `sqlx::migrate!` embeds the migrations; Cargo does not notice a new file among them by itself.

fn main() {
    println!("cargo::rerun-if-changed=src/storage/migrations");
    println!("cargo::rerun-if-changed=src/storage/build.rs");
}
