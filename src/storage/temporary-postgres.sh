#!/usr/bin/env bash
# Starts a PostgreSQL cluster of its own in a temporary folder, prints the folder of its socket, and waits for standard
# input to close; then it stops the server and removes the folder. Whoever started it need not survive to clean up.
# Connect with `postgres://enrol@localhost/postgres?host=<folder>`. There is no TCP port.
set -euo pipefail

# The newest installed major version; PostgreSQL keeps its programs off the search path.
programs=$(find /usr/lib/postgresql /usr/pgsql-* -maxdepth 2 -name bin -type d 2>/dev/null | sort -V | tail -1 || true)
if [ -z "$programs" ]; then
    echo "PostgreSQL's server programs are not installed (Debian: apt-get install postgresql)" >&2
    exit 1
fi
work=$(mktemp -d)

# The server refuses to run as root.
as_owner() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$@")
    else
        "$@"
    fi
}
stop() {
    as_owner "$programs/pg_ctl" --pgdata "$work/data" --mode immediate --silent stop 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT
# An interrupt is for whoever started this; its end closes standard input.
trap '' INT

if [ "$(id -u)" = 0 ]; then
    chown postgres "$work"
fi
as_owner "$programs/initdb" --pgdata "$work/data" --username enrol --auth trust --encoding UTF8 --locale C.UTF-8 \
    --no-sync --no-instructions >/dev/null
as_owner "$programs/pg_ctl" --pgdata "$work/data" --silent --wait --log "$work/log" \
    --options "-c listen_addresses='' -c unix_socket_directories='$work' -c fsync=off -c full_page_writes=off" start \
    >/dev/null </dev/null
echo "$work"
cat >/dev/null
