//! `seatsweep sandbox`: serves a simulated tenant until it is stopped.

use super::failure::{Exit, Failure};
use super::{console, recovery, signals, target};
use crate::cli::{
    HoldPoint, ListedUser, SandboxArguments, ScimPatch, ScimScope, Stranded, Update,
    WindowsArgument,
};
use crate::config::Settings;
use crate::http::ExposeSecret;
use crate::sandbox::{self, FaultScript, Hold};
use crate::vendor::wall_now;

/// The key that the sandbox accepts when no other is named.
const DEFAULT_KEY: &str = "sandbox";
/// The variable to keep it in.
const KEY_VARIABLE: &str = "SEATSWEEP_API_KEY";

pub(super) fn run(settings: &Settings, arguments: &SandboxArguments) -> Result<u8, Failure> {
    let customer = settings
        .customer_id
        .clone()
        .unwrap_or_else(|| target::SANDBOX_CUSTOMER.to_owned());
    let seed = target::seed(settings, settings.inputs.users_report(), customer.clone())?;
    let key = match settings.api.key {
        Some(_) => settings.api_key()?.expose_secret().to_owned(),
        None => DEFAULT_KEY.to_owned(),
    };
    let faults = faults(arguments)?;
    let origin = settings.as_of.unwrap_or_else(wall_now);
    let mut options = sandbox::Options::new(seed, key, origin);
    options.state_file.clone_from(&arguments.state);
    options.log_file.clone_from(&arguments.log);
    options.listen = arguments.listen;
    options.time_scale = settings.limits.time_scale;
    options.update = match arguments.update {
        Update::Accepted => sandbox::UpdateSupport::Implemented,
        Update::NotAllowed => sandbox::UpdateSupport::MethodNotAllowed,
        Update::NotImplemented => sandbox::UpdateSupport::NotImplemented,
    };
    options.scim.patch_answer = match arguments.scim_patch {
        ScimPatch::Resource => sandbox::PatchAnswer::Resource,
        ScimPatch::NoContent => sandbox::PatchAnswer::NoContent,
    };
    options.scim.list_scope = match arguments.scim_scope {
        ScimScope::All => sandbox::ListScope::AllUsers,
        ScimScope::Provisioned => sandbox::ListScope::Provisioned,
    };
    options.faults = faults;
    options.read_lag = arguments.read_lag.0;
    options.list = match arguments.list {
        ListedUser::Full => sandbox::ListPayload::Full,
        ListedUser::Status => sandbox::ListPayload::Status,
    };
    options.operation_time = sandbox::OperationTime {
        minimum: arguments.operation_time.minimum,
        maximum: arguments.operation_time.maximum,
    };
    options.limits = sandbox::TenantLimits {
        requests_per_minute: arguments.limits.requests_per_minute,
        requests_per_10_seconds: arguments.limits.requests_per_10_seconds,
        operations_in_flight: arguments.limits.operations_in_flight,
        counting: match arguments.windows {
            WindowsArgument::Sliding => sandbox::Counting::Sliding,
            WindowsArgument::Fixed(phase) => sandbox::Counting::Fixed { phase },
        },
    };
    options.stranded_seats = match arguments.stranded {
        Stranded::Free => sandbox::StrandedSeats::Free,
        Stranded::Refused => sandbox::StrandedSeats::Refused,
        Stranded::Ignored => sandbox::StrandedSeats::Ignored,
    };
    options.hold = arguments.hold.map(|hold| Hold {
        request: hold.request,
        at: match hold.at {
            HoldPoint::Received => sandbox::HoldPoint::Received,
            HoldPoint::BeforeAnswer => sandbox::HoldPoint::BeforeAnswer,
            HoldPoint::AfterAnswer => sandbox::HoldPoint::AfterAnswer,
        },
    });
    recovery::runtime()?.block_on(async {
        let running = sandbox::start(options)
            .await
            .map_err(|error| Failure::of(Exit::CannotWrite, error))?;
        console::say(&format!("listening on {}", running.base_url()));
        console::warn(&format!(
            "SCIM of the same tenant is at {}",
            running.scim_url()
        ));
        let how = how_to_use(&running.base_url(), &customer, arguments);
        console::tell(settings, &how);
        tokio::select! {
            () = signals::wait() => {}
            () = async {
                running.held().await;
                console::say("held");
                std::future::pending::<()>().await;
            } => {}
        }
        let log = running.stop().await;
        console::say(&format!(
            "{} requests, {} writes, at most {} in 60 seconds and {} in 10, {} over a limit",
            log.requests, log.writes, log.max_in_60_seconds, log.max_in_10_seconds, log.violations
        ));
        Ok(0)
    })
}

/// The rules of the command line, then those of the file.
fn faults(arguments: &SandboxArguments) -> Result<FaultScript, Failure> {
    let typed = FaultScript::parse(&arguments.fault.join("\n"))
        .map_err(|error| Failure::of(Exit::Usage, error))?;
    let Some(path) = &arguments.faults else {
        return Ok(typed);
    };
    let in_file = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(Exit::NoInput, in_file(&error)))?;
    let written =
        FaultScript::parse(&text).map_err(|error| Failure::new(Exit::BadData, in_file(&error)))?;
    Ok(typed.and(written))
}

/// How another process works on this tenant: a configuration to copy.
fn how_to_use(base_url: &str, customer: &str, arguments: &SandboxArguments) -> String {
    let (name, key) = match &arguments.api_key_env {
        Some(name) => (
            name.as_str(),
            "has to hold the key, as it does here".to_owned(),
        ),
        None => (KEY_VARIABLE, format!("has to hold the key, {DEFAULT_KEY}")),
    };
    format!(
        "to work on it, write into the seatsweep.toml of the other process:\n  \
         [tenant]\n  target = \"8x8\"\n  customer_id = {customer:?}\n  \
         [admin_api]\n  base_url = {base_url:?}\n  api_key_env = {name:?}\n\
         where the environment variable {name} {key}"
    )
}
