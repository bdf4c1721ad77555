#!/bin/sh
# Plays the three nights of samples/README.md in the embedded sandbox, and the
# third one again. Called by `make run` as: samples/play.sh PROGRAM [OUT_DIR]
#
# An exit of 8 says that some people need a look; that is part of the samples,
# so it is told and passed over. Everything else but 0 ends this script.
set -eu

program=$1
out=${2:-out}
samples=$(dirname "$0")

# Calls a command for one night: its folder, the day of HR's export, the day of
# the run. The times are given, because a checkout gives the files its own.
on() {
    "$program" "$1" --sandbox --no-progress --config "$samples/seatsweep.toml" --out-dir "$out" \
        --hr "$samples/$2/terminations.csv" --hr-at "$3T22:00:00-08:00" \
        --users "$samples/$2/users.csv" --users-at "$4T01:00:00-08:00" \
        --as-of "$4T02:00:00-08:00"
}

# Plays one night.
night() {
    code=0
    on run "$@" || code=$?
    case $code in
        0) ;;
        8) echo "exit 8: the run went through; some people need a look (samples/README.md says who)" ;;
        *) echo "exit $code: this is not what samples/README.md says" >&2; exit "$code" ;;
    esac
    judge
}

# The sandbox keeps a log of what it was sent, and judges it.
judge() {
    log=$(sed 's/"entries":.*//' "$out/sandbox/sandbox-log.json")
    for fact in '"violations":0,' '"polls_too_fast":0,' '"fields_lost":[],' '"repeated_writes":[],' '"write_errors":[]'; do
        must_say "$fact"
    done
}

must_say() {
    case $log in
        *"$1"*) ;;
        *) echo "the sandbox's log does not say $1: $out/sandbox/sandbox-log.json" >&2; exit 1 ;;
    esac
}

title() {
    printf '\n=== %s\n' "$1"
}

title "Night 1, Tuesday 24 November 2026: the first one; leavers lose access, seats wait for 7 days"
night night-1 2026-11-23 2026-11-24

title "Night 2, the night after: HR sends semicolons, one leaver is back, three rows were corrected"
night night-2 2026-11-24 2026-11-25

title "Night 3, Wednesday 2 December: the grace period is over; seats go, drafts grow"
night night-3 2026-12-01 2026-12-02

title "Night 3 again, same files, same ledger: nothing is left to do"
night night-3 2026-12-01 2026-12-02
must_say '"writes":0,'

title "The audit after night 3: who holds the seats, which nobody uses, what they cost"
on audit night-3 2026-12-01 2026-12-02

cat <<END

The sandbox's log of every night is clean, and the last run changed nothing.
Look at:
  $out/sandbox/results.csv                what became of every HR row (of the last run)
  $out/sandbox/manual-tasks.csv           what people have to do, step by step
  $out/sandbox/cancellation-requests.csv  what may be handed in to 8x8, by when, and what it saves
  $out/sandbox/requests/                  for each of them what a person needs who hands it in
  $out/sandbox/seats.csv                  where the seats of each pool are, and what unused ones cost
  $out/sandbox/findings.csv               what is worth a look, with the account and the next step
  $out/sandbox/audit.html                 the audit as a page, with charts; it names nobody
  $out/sandbox/audit.xlsx                 the audit as a workbook, with people and accounts
  $out/sandbox/access.csv                 when leavers lost access
  $out/sandbox/summary.json               the numbers, for a program
  $out/sandbox/runs/                      the same files of each run, with its plan and review sheet
END
