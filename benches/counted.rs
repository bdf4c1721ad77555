//! Instructions of a whole `plan`, counted under callgrind, so that it shows on
//! a busy machine too when planning gets dearer: of its start, of an account and
//! of a row of the HR export. Fails where one of them grew by more than a tenth.
//!
//! SHA-256 is left out: valgrind does not know the processor's instructions for
//! it, and what is done without them would be half of all. Counts depend a
//! little on the processor, because the C library and memchr choose their loops
//! by it. The same machine counts the same to a thousandth; the tenth leaves
//! room for others.

#[path = "company/mod.rs"]
mod company;

use std::process::Command;

use company::Size;

/// What was counted when planning last changed on purpose.
const BASELINE: Counted = Counted {
    start: 55_040_000.0,
    account: 11_430.0,
    hr_row: 46_260.0,
};
/// How much dearer anything may be.
const TOLERANCE: f64 = 1.1;

/// Large enough that all are read block by block.
const SMALL: Size = Size {
    accounts: 30_000,
    people: 1_000,
};
const MORE_ACCOUNTS: Size = Size {
    accounts: 60_000,
    ..SMALL
};
const MORE_PEOPLE: Size = Size {
    people: 3_000,
    ..SMALL
};

/// Instructions.
struct Counted {
    /// Of a plan for nobody.
    start: f64,
    /// Of one more account that no row is about.
    account: f64,
    /// Of one more row of the HR export, with its line of the plan.
    hr_row: f64,
}

#[expect(clippy::print_stdout, reason = "what was counted, for whoever asks")]
fn main() {
    let Some(small) = instructions(SMALL) else {
        println!("instructions are not counted: there is no valgrind");
        return;
    };
    let more = |size| instructions(size).expect("valgrind, as before") - small;
    let difference = |more: usize, less: usize| as_f64(more - less);
    let account = more(MORE_ACCOUNTS) / difference(MORE_ACCOUNTS.accounts, SMALL.accounts);
    let hr_row = more(MORE_PEOPLE) / difference(MORE_PEOPLE.people, SMALL.people);
    let of_rows = account * as_f64(SMALL.accounts) + hr_row * as_f64(SMALL.people);
    let counted = Counted {
        start: small - of_rows,
        account,
        hr_row,
    };
    let dearer: Vec<&str> = [
        ("the start", counted.start, BASELINE.start),
        ("an account", counted.account, BASELINE.account),
        ("an HR row", counted.hr_row, BASELINE.hr_row),
    ]
    .into_iter()
    .filter_map(|(what, now, before)| {
        println!(
            "{what}: {now:.0} instructions, {:.3} of the baseline",
            now / before
        );
        (now > before * TOLERANCE).then_some(what)
    })
    .collect();
    assert!(
        dearer.is_empty(),
        "{} got dearer; where that is right, set BASELINE to the figures above",
        dearer.join(", ")
    );
}

/// What valgrind counts, if it is there. One thread, because two would share
/// the work differently each time.
fn instructions(size: Size) -> Option<f64> {
    let folder = tempfile::tempdir().expect("a folder");
    company::write(folder.path(), size).expect("a company");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    // From the beginning, but for the calls of this function.
    valgrind.args([
        "--collect-atstart=yes",
        "--toggle-collect=sha2::sha256::compress256",
    ]);
    valgrind.arg(env!("CARGO_BIN_EXE_seatsweep"));
    valgrind.args(company::words()).current_dir(folder.path());
    let ended = valgrind.env("RAYON_NUM_THREADS", "1").output().ok()?;
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    let counted = said.lines().find_map(|line| line.split_once("Collected :"));
    Some(counted?.1.trim().parse().expect("a number"))
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn as_f64(number: usize) -> f64 {
    number as f64
}
