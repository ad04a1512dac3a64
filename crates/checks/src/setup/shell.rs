//! Lines of bash, run as a job would run them, but not for long.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// Loading modules over a slow file system takes its time.
pub const TIMEOUT: Duration = Duration::from_mins(2);
/// More than anything worth reading.
const MOST_PRINTED_BYTES: u64 = 64 << 20;
/// The exit code of `timeout` when it ended the command.
const TIMED_OUT: i32 = 124;

/// Runs these lines in this directory.
pub fn run(script: &str, directory: &Path) -> io::Result<Output> {
    let seconds = TIMEOUT.as_secs().to_string();
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", &seconds, "bash", "-c", script]).current_dir(directory);
    output(&mut command)
}

/// Runs a command and gives what it prints. The standard library panics where a pipe cannot be
/// read: files take its place.
pub fn output(command: &mut Command) -> io::Result<Output> {
    let (mut stdout, mut stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command.stdin(Stdio::null()).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
    let status = command.status()?;
    let read = |file: &mut File| -> io::Result<Vec<u8>> {
        let mut printed = vec![];
        file.rewind()?;
        file.take(MOST_PRINTED_BYTES).read_to_end(&mut printed)?;
        Ok(printed)
    };
    Ok(Output { status, stdout: read(&mut stdout)?, stderr: read(&mut stderr)? })
}

/// Whether the lines were ended since they took too long.
pub fn timed_out(output: &Output) -> bool {
    output.status.code() == Some(TIMED_OUT)
}

/// A word of the shell that is just this text.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What is worth showing of what a program printed before it failed: the error that ends a
/// traceback of Python, else what an MPI launcher says first between its lines of dashes, else the
/// last line.
pub fn reason(said: &str) -> String {
    let lines: Vec<&str> = said.lines().map(str::trim_end).collect();
    if let Some(start) = lines.iter().position(|line| line.ends_with(TRACEBACK)) {
        let error =
            lines[start + 1..].iter().find(|line| !line.is_empty() && !line.starts_with(' '));
        return error.copied().unwrap_or_default().to_owned();
    }
    if let Some(start) = lines.iter().position(|line| is_rule(line)) {
        let paragraph = lines[start + 1..].iter().map(|line| line.trim());
        let words: Vec<_> = paragraph
            .skip_while(|line| line.is_empty())
            .take_while(|line| !line.is_empty() && !is_rule(line))
            .collect();
        return words.join(" ").trim_end_matches(':').to_owned();
    }
    let last = lines.iter().rev().find(|line| !line.trim().is_empty());
    last.map_or("it said nothing", |line| line.trim()).to_owned()
}

const TRACEBACK: &str = "Traceback (most recent call last):";

/// Open MPI puts what it says between such lines.
fn is_rule(line: &str) -> bool {
    line.len() >= 20 && line.bytes().all(|byte| byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn of_what_a_launcher_prints_the_reason_is_shown() {
        let rule = "-".repeat(74);
        let slots = format!(
            "{rule}\nThere are not enough slots available in the system to satisfy the 3\nslots that \
             were requested by the application:\n\n  python\n\nEither request fewer slots.\n{rule}\n"
        );
        assert_eq!(
            reason(&slots),
            "There are not enough slots available in the system to satisfy the 3 slots that were \
             requested by the application"
        );
        let traceback = format!(
            "Traceback (most recent call last):\n  File \"x.py\", line 1, in <module>\n    f()\n\
             ValueError: of the script\n{rule}\nPrimary job terminated normally\n{rule}\n"
        );
        assert_eq!(reason(&traceback), "ValueError: of the script");
        assert_eq!(
            reason("bash: line 3: mpirun: command not found\n\n"),
            "bash: line 3: mpirun: command not found"
        );
        assert_eq!(reason(""), "it said nothing");
    }
}
