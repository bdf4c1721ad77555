//! Drafts of cancellation requests reach the company's own people.
//!
//! A draft is sent and then recorded, so that a crash in between sends it
//! again: at least once, always with the key of its revision. Handing it in
//! to the vendor is a person's work; nothing here does it.

use std::path::Path;

use jiff::Timestamp;

use super::console;
use super::failure::{Exit, Failure};
use crate::config::{EmailSettings, MailEncryption, Settings, Target};
use crate::deliver::{self, DeliveryError, MailSecurity, Mailer, MailerOptions, Parcel, Webhook};
use crate::ledger::{Entry, Ledger};
use crate::model::{Delivery, DeliveryChannel, FollowedRequest};
use crate::plan::Plan;
use crate::reconcile::Calendar;
use crate::report::{self, Deliveries, Pack, PackFor};
use crate::seats::{contract_of, delivery_is_due};
use crate::vendor::Clock;

/// The folder below the output folder with one folder for each request.
const FOLDER: &str = "requests";

/// Delivers every draft that is due, through every channel. What fails is
/// told, and tried again on the next night.
pub(super) async fn deliver(
    settings: &Settings,
    ledger: &mut Ledger,
    plan: &Plan,
    clock: &Clock,
) -> Result<Deliveries, Failure> {
    let mut done = Deliveries::default();
    let memory = ledger.memory(clock.now())?;
    let requests = ledger.followed_requests()?;
    for channel in channels(settings) {
        let mut receiver = None;
        for followed in requests.iter().filter(|it| report::is_worth_a_pack(it)) {
            let material = PackFor {
                followed,
                plan,
                memory: &memory,
                target: settings.target_label(),
            };
            let pack = match prepare(settings, material, channel) {
                Ok(Some(pack)) => pack,
                Ok(None) => continue,
                Err(failure) => {
                    let sentence = format!("{:#}", failure.error);
                    fail(&mut done, followed, channel, &sentence);
                    break;
                }
            };
            if !is_due(settings, plan, followed, channel, clock.now())? {
                continue;
            }
            let key = followed.idempotency_key(&plan.tenant);
            let parcel = Parcel {
                key: key.clone(),
                subject: pack.subject,
                letter: pack.letter,
                document: pack.document,
            };
            let sent = match receiver.get_or_insert_with(|| Receiver::of(settings, channel)) {
                Ok(receiver) => {
                    let sent = receiver.send(&parcel, clock).await;
                    sent.map_err(|error| (error.to_string(), error.is_about_the_parcel()))
                }
                Err(sentence) => Err((sentence.clone(), false)),
            };
            if let Err((sentence, others_may_arrive)) = sent {
                fail(&mut done, followed, channel, &sentence);
                if others_may_arrive {
                    continue;
                }
                // Whoever did not answer once is not waited for again tonight.
                break;
            }
            record(ledger, followed, channel, key, clock.now())?;
            *done.made.entry(channel.as_str().to_owned()).or_default() += 1;
        }
    }
    Ok(done)
}

fn fail(
    done: &mut Deliveries,
    followed: &FollowedRequest,
    channel: DeliveryChannel,
    sentence: &str,
) {
    let id = &followed.request.id;
    console::warn(&format!("{id}: {sentence}"));
    let channel = channel.as_str();
    done.failed.push(format!("{id} ({channel}): {sentence}"));
}

/// The pack of a request, written where it belongs; `None` when its contract
/// is not configured any more.
fn prepare(
    settings: &Settings,
    material: PackFor<'_>,
    channel: DeliveryChannel,
) -> Result<Option<Pack>, Failure> {
    let pack = report::request_pack(material)
        .transpose()
        .map_err(|error| Failure::of(Exit::Internal, error))?;
    if let (Some(pack), DeliveryChannel::File) = (&pack, channel) {
        write_pack(&settings.out_dir, &material.followed.request.id, pack)?;
    }
    Ok(pack)
}

/// A sandbox writes files only, also where a rehearsal made it of 8x8's settings.
fn channels(settings: &Settings) -> Vec<DeliveryChannel> {
    match settings.target {
        Target::Sandbox => vec![DeliveryChannel::File],
        Target::Eight => settings.delivery.channels.clone(),
    }
}

fn is_due(
    settings: &Settings,
    plan: &Plan,
    followed: &FollowedRequest,
    channel: DeliveryChannel,
    now: Timestamp,
) -> Result<bool, Failure> {
    let calendar = Calendar::new(&settings.policy)?;
    let contract = contract_of(&plan.policy.contracts, &followed.request.id);
    Ok(contract.is_some_and(|contract| {
        let day = |at| calendar.day(at);
        delivery_is_due(followed, channel, contract, day(now), day)
    }))
}

fn write_pack(out_dir: &Path, request_id: &str, pack: &Pack) -> Result<(), Failure> {
    let folder = out_dir.join(FOLDER).join(request_id);
    let mut document = serde_json::to_vec_pretty(&pack.document)
        .map_err(|error| Failure::of(Exit::Internal, error))?;
    document.push(b'\n');
    let files = [
        ("request.txt", pack.letter.clone().into_bytes()),
        ("request.json", document),
        ("seats.csv", pack.seats_csv.clone()),
        ("device-returns.csv", pack.devices_csv.clone()),
    ];
    deliver::to_folder(&folder, &files)?;
    Ok(())
}

fn record(
    ledger: &mut Ledger,
    followed: &FollowedRequest,
    channel: DeliveryChannel,
    key: String,
    at: Timestamp,
) -> Result<(), Failure> {
    ledger.record(&[Entry::Delivered {
        request_id: followed.request.id.clone(),
        delivery: Delivery {
            revision: followed.revision,
            channel,
            quantity: followed.request.quantity,
            key,
            at,
        },
    }])?;
    Ok(())
}

/// Where a channel leads, ready to be sent to.
enum Receiver {
    /// The files are written already.
    Folder,
    Webhook(Webhook),
    Mail(Mailer),
}

impl Receiver {
    /// Opens the channel; a sentence where it cannot be used.
    fn of(settings: &Settings, channel: DeliveryChannel) -> Result<Self, String> {
        let delivery = &settings.delivery;
        match channel {
            DeliveryChannel::File => Ok(Self::Folder),
            DeliveryChannel::Webhook => {
                let webhook = delivery
                    .webhook
                    .as_ref()
                    .ok_or("[webhook] is not configured")?;
                stay_here(settings, webhook.is_loopback)?;
                let secret = webhook.secret().map_err(|error| error.to_string())?;
                let webhook = Webhook::new(&webhook.url, secret);
                webhook
                    .map(Self::Webhook)
                    .map_err(|error| error.to_string())
            }
            DeliveryChannel::Email => {
                let email = delivery.email.as_ref().ok_or("[email] is not configured")?;
                stay_here(settings, email.is_loopback)?;
                mailer(email).map(Self::Mail)
            }
        }
    }

    async fn send(&self, parcel: &Parcel, clock: &Clock) -> Result<(), DeliveryError> {
        match self {
            Self::Folder => Ok(()),
            Self::Webhook(webhook) => webhook.send(parcel, clock).await,
            Self::Mail(mailer) => mailer.send(parcel, clock).await,
        }
    }
}

/// Requests of a tenant that is not real reach nobody who could hand them in.
fn stay_here(settings: &Settings, receiver_is_here: bool) -> Result<(), String> {
    if settings.on_loopback && !receiver_is_here {
        return Err(
            "nothing is sent to other machines while the tenant is an address of this one"
                .to_owned(),
        );
    }
    Ok(())
}

fn mailer(email: &EmailSettings) -> Result<Mailer, String> {
    let password = email.password().map_err(|error| error.to_string())?;
    let username = email.login.as_ref().map(|login| login.username.clone());
    Mailer::new(&MailerOptions {
        host: email.host.clone(),
        port: email.port,
        security: match email.encryption {
            MailEncryption::Tls => MailSecurity::Tls,
            MailEncryption::StartTls => MailSecurity::StartTls,
            MailEncryption::None => MailSecurity::Loopback,
        },
        login: username.zip(password),
        from: email.from.clone(),
        to: email.to.clone(),
    })
    .map_err(|error| error.to_string())
}
