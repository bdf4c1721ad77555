//! How each tenant's run is called: with what was typed for all.

use std::ffi::OsString;
use std::path::Path;

use super::super::failure::{Exit, Failure};
use crate::cli::{
    ColorWhen, ExecutionArguments, GlobalArguments, InputArguments, LogFormat, OutputArguments,
    RunArguments, TimeArguments,
};

/// The command line of a tenant's run, but for its configuration file.
pub(super) struct Call(Vec<OsString>);

impl Call {
    /// Hands on what counts for each tenant. What is one tenant's was refused
    /// when the command line was parsed, but for the options of all commands.
    pub(super) fn new(global: &GlobalArguments, arguments: &RunArguments) -> Result<Self, Failure> {
        let GlobalArguments {
            config,
            ledger,
            log_format,
            verbose,
            quiet,
            color,
            // A bar for each of several processes would be none for anybody.
            no_progress: _,
        } = global;
        let RunArguments {
            all: _,
            jobs: _,
            inputs,
            time: TimeArguments { as_of },
            output:
                OutputArguments {
                    out_dir: _,
                    sandbox,
                },
            execution,
        } = arguments;
        let InputArguments {
            hr: _,
            users: _,
            licenses: _,
            holds: _,
            map: _,
            numbers: _,
            hr_at,
            users_at,
        } = inputs;
        let ExecutionArguments {
            results: _,
            approve: _,
            accept_input: _,
            confirm,
            deadline,
        } = execution;
        let one_tenants = [("--config", config), ("--ledger", ledger)];
        if let Some((option, _)) = one_tenants.iter().find(|(_, typed)| typed.is_some()) {
            return Err(Failure::new(
                Exit::Usage,
                format!("{option} is for one tenant and cannot be used with --all; leave it out"),
            ));
        }
        let mut words: Vec<OsString> = ["seatsweep", "run", "--no-progress"]
            .map(OsString::from)
            .into();
        let values = [
            ("--as-of", as_of.clone()),
            ("--hr-at", hr_at.map(|at| at.to_string())),
            ("--users-at", users_at.map(|at| at.to_string())),
            ("--deadline", deadline.clone()),
            ("--log-format", log_format.map(log_format_word)),
            ("--color", Some(color_word(*color))),
        ];
        for (option, value) in values {
            words.extend(value.map(|value| format!("{option}={value}").into()));
        }
        let flags = [
            ("--sandbox", *sandbox),
            ("--confirm", *confirm),
            ("--quiet", *quiet),
        ];
        for (flag, is_typed) in flags {
            words.extend(is_typed.then(|| flag.into()));
        }
        words.extend((0..*verbose).map(|_| "--verbose".into()));
        Ok(Self(words))
    }

    /// The whole command line, the program's name first.
    pub(super) fn words(&self, config: &Path) -> Vec<OsString> {
        let mut option = OsString::from("--config=");
        option.push(config);
        let mut words = self.0.clone();
        words.push(option);
        words
    }
}

fn log_format_word(format: LogFormat) -> String {
    match format {
        LogFormat::Text => "text",
        LogFormat::Json => "json",
    }
    .to_owned()
}

fn color_word(color: ColorWhen) -> String {
    match color {
        ColorWhen::Auto => "auto",
        ColorWhen::Always => "always",
        ColorWhen::Never => "never",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{self, Command};

    fn call(line: &str) -> Result<Call, Failure> {
        let cli = cli::parse(line.split_whitespace().map(OsString::from)).expect(line);
        let Command::Run(arguments) = &cli.command else {
            panic!("not a run")
        };
        Call::new(&cli.global, arguments)
    }

    #[test]
    fn what_counts_for_each_tenant_is_handed_on_and_is_understood() {
        let line = "seatsweep -vv run --all t --jobs 3 --as-of 2026-11-20 --sandbox --confirm \
                    --hr-at 2026-11-20T01:00:00Z --users-at 2026-11-20T02:00:00Z --deadline 90m \
                    --log-format json --color never";
        let words = call(line)
            .expect("a call")
            .words(Path::new("-odd/seatsweep.toml"));
        let cli = cli::parse(words).expect("a command line");
        assert_eq!(
            cli.global.config.as_deref(),
            Some(Path::new("-odd/seatsweep.toml"))
        );
        assert_eq!(cli.global.verbose, 2);
        assert_eq!(cli.global.log_format, Some(LogFormat::Json));
        assert_eq!(cli.global.color, ColorWhen::Never);
        assert!(cli.global.no_progress && !cli.global.quiet);
        let Command::Run(run) = cli.command else {
            panic!("not a run")
        };
        assert_eq!(run.all, None);
        assert_eq!(run.time.as_of.as_deref(), Some("2026-11-20"));
        assert!(run.output.sandbox && run.execution.confirm);
        assert_eq!(run.execution.deadline.as_deref(), Some("90m"));
        let at = |at: Option<jiff::Timestamp>| at.expect("an instant").to_string();
        assert_eq!(at(run.inputs.hr_at), "2026-11-20T01:00:00Z");
        assert_eq!(at(run.inputs.users_at), "2026-11-20T02:00:00Z");
    }

    #[test]
    fn nothing_typed_is_nothing_handed_on() {
        let words = call("seatsweep run --all t")
            .expect("a call")
            .words(Path::new("c"));
        assert_eq!(
            words,
            [
                "seatsweep",
                "run",
                "--no-progress",
                "--color=auto",
                "--config=c"
            ]
        );
    }

    #[test]
    fn one_tenants_options_are_refused_wherever_they_stand() {
        for line in [
            "seatsweep --config c run --all t",
            "seatsweep run --all t --ledger l",
        ] {
            let failure = call(line).err().expect(line);
            assert_eq!(failure.exit, Exit::Usage);
        }
    }
}
