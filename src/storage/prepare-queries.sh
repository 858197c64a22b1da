#!/usr/bin/env bash
# Checks every query against the migrations and writes what the compiler needs to know about them to .sqlx, so that
# building takes no database. Run it after changing a query or a migration and commit .sqlx with the change.
#
#   src/storage/prepare-queries.sh          write .sqlx
#   src/storage/prepare-queries.sh --check  fail when .sqlx is not current
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
coproc server { "$root/src/storage/temporary-postgres.sh"; }
read -r folder <&"${server[0]}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export DATABASE_URL="postgres://enrol@localhost/postgres?host=$folder"
for migration in "$root"/src/storage/migrations/*.sql; do
    psql "$DATABASE_URL" --quiet --no-psqlrc --set ON_ERROR_STOP=1 --single-transaction --file "$migration"
done
# The compiler reads queries only when it compiles them.
touch "$root/src/lib.rs"
SQLX_OFFLINE_DIR="$work" cargo check --quiet --manifest-path "$root/Cargo.toml" --workspace

if [ "${1:-}" = "--check" ]; then
    if ! diff --recursive --brief "$root/.sqlx" "$work"; then
        echo ".sqlx is not current: run \`make queries\` and commit .sqlx" >&2
        exit 1
    fi
else
    rm -rf "$root/.sqlx"
    cp -r "$work" "$root/.sqlx"
    chmod 755 "$root/.sqlx"
fi
