use crate::cli::{Command, ExecutionArguments};
use crate::config::{ConfigError, Execution, duration};

/// What `command` may do; nothing unless it is `apply` or `run`.
pub(super) fn execution(command: &Command) -> Result<Execution, ConfigError> {
    let (typed, review) = match command {
        Command::Apply(apply) => (&apply.execution, apply.review.clone()),
        Command::Run(run) => (&run.execution, None),
        Command::Plan(_)
        | Command::Undo(_)
        | Command::Sandbox(_)
        | Command::Tasks(_)
        | Command::Requests(_)
        | Command::Explain(_)
        | Command::Audit(_)
        | Command::Init(_) => {
            return Ok(Execution::default());
        }
    };
    let ExecutionArguments {
        results,
        approve,
        accept_input,
        confirm,
        deadline,
    } = typed;
    let deadline = deadline.as_ref().map(|text| {
        duration::parse(text).ok_or_else(|| ConfigError::Option {
            option: "--deadline",
            value: text.clone(),
            problem: duration::ADVICE,
        })
    });
    Ok(Execution {
        approve: approve.clone(),
        accept_inputs: accept_input
            .iter()
            .map(|text| sha256(text))
            .collect::<Result<_, _>>()?,
        confirm: *confirm,
        deadline: deadline.transpose()?,
        review,
        results: results.clone(),
    })
}

fn sha256(text: &str) -> Result<String, ConfigError> {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(ConfigError::Option {
        option: "--accept-input",
        value: text.to_owned(),
        problem: "write the file's whole SHA-256 in 64 hex digits, as the guard printed it",
    })
}
