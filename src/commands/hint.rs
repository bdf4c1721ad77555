//! The exact command lines that messages tell people to type.

use std::path::Path;

use crate::config::{Settings, Target};

/// `seatsweep apply PLAN …` for this tenant, target and folder.
pub(super) fn apply_command(settings: &Settings, plan: &Path, flags: &[String]) -> String {
    let mut words = vec!["seatsweep apply".to_owned(), quoted(plan)];
    if let Some(file) = settings.config_file.as_deref() {
        words.push(format!("--config {}", quoted(file)));
    }
    match settings.target {
        // The sandbox writes below the folder that was named.
        Target::Sandbox => {
            let folder = settings.out_dir.parent().unwrap_or(&settings.out_dir);
            words.push(format!("--sandbox --out-dir {}", quoted(folder)));
        }
        Target::Eight => {
            words.push(format!("--confirm --out-dir {}", quoted(&settings.out_dir)));
        }
    }
    words.extend(flags.iter().cloned());
    words.join(" ")
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@%,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_survive_the_shell() {
        assert_eq!(quoted(Path::new("out/plans/a1.json")), "out/plans/a1.json");
        assert_eq!(quoted(Path::new("my out/it's")), r"'my out/it'\''s'");
    }
}
