//! What is shown of a log: its last lines, and of a failure the error itself. Under mpirun the last
//! lines are mpirun's own, and say nothing about what went wrong: the Python error stands above
//! them, between what other ranks print.

use std::path::Path;

use crate::attempt::Attempt;
use crate::log;

/// No more of a log is read, from its end, bytes.
const READ: u64 = 256 << 10;
/// The longest line that is shown, and the longest error in a reason, characters.
const LONGEST: (usize, usize) = (1000, 300);
/// The most lines of a traceback that are shown: the beginning and the end of a longer one.
const OF_TRACEBACK: (usize, usize) = (8, 24);
/// What ended a program is followed by few lines; after an error that was caught it goes on
/// printing.
const LAST_WORDS: usize = 20;
/// How many of these are shown.
const SHOWN_AFTER: usize = 3;

/// How Python begins to tell of an error.
const HEAD: &str = "Traceback (most recent call last):";
/// What a job writes into a log that holds something already.
const ATTEMPT: &str = "[attempt ";

/// Lines of Open MPI's from 4 on that tell that something happened to a rank, not what: they stand
/// in blocks between lines of dashes.
const AFTERMATH: [&str; 6] = [
    "MPI_ABORT was invoked",
    "the job has been aborted",
    "mpirun noticed that",
    "prterun noticed that",
    "exited with non-zero status",
    "has exited due to process rank",
];
/// Longer than such a block, lines.
const BLOCK: usize = 30;

/// The last lines of a log that are not empty, at most `lines`.
pub fn tail(log: &Path, lines: usize) -> Vec<String> {
    let all = lines_of(log);
    all[all.len().saturating_sub(lines)..].iter().map(|line| shortened(line, LONGEST.0)).collect()
}

/// What a log says about a failure: the last traceback that Python printed, or else the last lines,
/// at most `lines`.
pub fn of_failure(log: &Path, lines: usize) -> Vec<String> {
    let all = lines_of(log);
    let Some(Traceback { lines: shown, error: _, after }) = Traceback::last(&all) else {
        return tail(log, lines);
    };
    let count = shown.len();
    let (first, last) = OF_TRACEBACK;
    let mut excerpt: Vec<_> = if count > first + last {
        let left_out = format!("  … {} lines …", count - first - last);
        [&shown[..first], &[left_out][..], &shown[count - last..]].concat()
    } else {
        shown
    };
    let shown_after = if after.len() > LAST_WORDS { lines } else { SHOWN_AFTER };
    if after.len() > shown_after {
        excerpt.push("…".to_owned());
    }
    excerpt.extend_from_slice(&after[after.len().saturating_sub(shown_after)..]);
    excerpt.iter().map(|line| shortened(line, LONGEST.0)).collect()
}

/// The error with which a Python program ended: `KeyError: 'x'`.
pub fn error(log: &Path) -> Option<String> {
    let all = lines_at_end(log);
    let traceback = Traceback::last(&own_words(of_last_attempt(&all)))?;
    (traceback.after.len() <= LAST_WORDS).then(|| shortened(&traceback.error, LONGEST.1))
}

/// The line that a job writes first, so that nobody takes an earlier attempt's error for its own.
pub fn attempt_begins(attempt: Attempt) -> String {
    format!("{ATTEMPT}{attempt} begins]")
}

/// A line that is not longer than this: of an error both its beginning and its end are needed.
pub fn shortened(line: &str, longest: usize) -> String {
    let count = line.chars().count();
    if count <= longest {
        return line.to_owned();
    }
    let first = longest * 2 / 5;
    let last = longest - first - 3;
    let beginning: String = line.chars().take(first).collect();
    let end: String = line.chars().skip(count - last).collect();
    format!("{beginning} … {end}")
}

/// What Python printed of an error.
struct Traceback {
    /// From its head to the error, without what a launcher puts before each line.
    lines: Vec<String>,
    /// The line that names the error.
    error: String,
    /// Whatever was printed after it.
    after: Vec<String>,
}

impl Traceback {
    /// The last one that is complete.
    fn last(lines: &[String]) -> Option<Self> {
        let heads = lines.iter().enumerate().rev();
        heads.filter_map(|(i, line)| Some((i, line.strip_suffix(HEAD)?))).find_map(|(i, before)| {
            // The tag of its rank stands before each of its lines; something else, such as a
            // progress bar, only before the first.
            let rest = &lines[i + 1..];
            Self::tagged(rest, before).or_else(|| Self::tagged(rest, ""))
        })
    }

    /// What follows a head, as far as it has this tag.
    fn tagged(following: &[String], tag: &str) -> Option<Self> {
        let mut of_rank = following
            .iter()
            .enumerate()
            .filter_map(|(i, line)| Some((i, line.strip_prefix(tag)?)))
            .peekable();
        let mut lines = vec![HEAD.to_owned()];
        let is_indented = |line: &str| line.starts_with(char::is_whitespace);
        while let Some((_, frame)) = of_rank.next_if(|(_, line)| is_indented(line)) {
            lines.push(frame.to_owned());
        }
        let (mut last, error) = of_rank.next().filter(|(_, line)| !line.ends_with(HEAD))?;
        lines.push(error.to_owned());
        // Messages of several lines.
        while let Some((i, line)) = of_rank.next_if(|(_, line)| is_indented(line)) {
            lines.push(line.to_owned());
            last = i;
        }
        let after = following[last + 1..].to_vec();
        Some(Self { lines, error: error.to_owned(), after })
    }
}

/// The lines of the last attempt that say something; of an earlier one if it has not said anything.
fn lines_of(log: &Path) -> Vec<String> {
    let all = lines_at_end(log);
    let attempt = of_last_attempt(&all);
    own_words(if attempt.is_empty() { &all } else { attempt })
}

fn lines_at_end(log: &Path) -> Vec<String> {
    let Ok(bytes) = log::read_end(log, READ) else { return vec![] };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // Simulators print colours and progress bars: what is left of them here is their text.
    let text = console::strip_ansi_codes(&text);
    let all = text.lines().map(last_state).filter(|line| !line.is_empty());
    all.map(str::to_owned).collect()
}

/// What a terminal would show of a line that was written over again and again.
fn last_state(line: &str) -> &str {
    line.trim_end().rsplit('\r').next().unwrap_or_default()
}

fn of_last_attempt(lines: &[String]) -> &[String] {
    let began = lines.iter().rposition(|line| line.starts_with(ATTEMPT));
    &lines[began.map_or(0, |line| line + 1)..]
}

/// What a launcher says about the end of its ranks is left out, unless it is all there is.
fn own_words(lines: &[String]) -> Vec<String> {
    let own = without_aftermath(lines);
    if own.is_empty() { lines.to_vec() } else { own }
}

/// Leaves out what a launcher says about the end of its ranks.
fn without_aftermath(lines: &[String]) -> Vec<String> {
    let mut left = vec![];
    let mut i = 0;
    while let Some(line) = lines.get(i) {
        let block = if is_dashes(line) { block_length(&lines[i..]) } else { None };
        match block {
            Some(length) => i += length,
            None if is_about_help_messages(line) => i += 1,
            None => {
                left.push(line.clone());
                i += 1;
            }
        }
    }
    left
}

/// The length of the block between dashes that begins here, if it is about the end of ranks.
/// Programs draw lines of dashes, too.
fn block_length(lines: &[String]) -> Option<usize> {
    let end = lines.iter().take(BLOCK).skip(1).position(|line| is_dashes(line))? + 1;
    let says = |line: &String| AFTERMATH.iter().any(|words| line.contains(words));
    lines[1..end].iter().any(says).then_some(end + 1)
}

fn is_dashes(line: &str) -> bool {
    line.len() >= 60 && line.bytes().all(|byte| byte == b'-')
}

/// `[host:pid] 1 more process has sent help message help-mpi-api.txt / mpi-abort`, and how to see
/// it.
fn is_about_help_messages(line: &str) -> bool {
    line.starts_with('[')
        && (line.contains(" sent help message ") || line.contains("_base_help_aggregate\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log with this text.
    struct Log(tempfile::NamedTempFile);

    impl Log {
        fn of(text: &str) -> Self {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), text).unwrap();
            Self(file)
        }

        fn failure(&self) -> String {
            of_failure(self.0.path(), 5).join("\n")
        }

        fn error(&self) -> Option<String> {
            error(self.0.path())
        }
    }

    const OF_RANK_1: &str = "Traceback (most recent call last):\n  \
        File \"/models/cortex/model.py\", line 26, in <module>\n    build()\n  \
        File \"/models/cortex/model.py\", line 20, in build\n    present({\"contrast\": 100})\n  \
        File \"/models/cortex/model.py\", line 13, in present\n    return stimuli[\"orientation\"]\n           \
        ~~~~~~~^^^^^^^^^^^^^^^\nKeyError: 'orientation'";

    #[test]
    fn of_a_rank_that_failed_the_traceback_is_shown_and_nothing_of_mpiruns() {
        let error = Log::of(include_str!("../tests/data/mpirun/error.log"));
        assert_eq!(error.failure(), OF_RANK_1);
        let tagged = Log::of(include_str!("../tests/data/mpirun/tagged.log"));
        assert_eq!(tagged.failure(), OF_RANK_1, "without the tags of --tag-output");
        let uncaught = Log::of(include_str!("../tests/data/mpirun/uncaught.log"));
        assert_eq!(
            uncaught.failure(),
            format!("{HEAD}\n  File \"<string>\", line 4, in <module>\nKeyError: 'x'")
        );
        for log in [error, tagged] {
            assert_eq!(log.error().as_deref(), Some("KeyError: 'orientation'"));
        }
        assert_eq!(uncaught.error().as_deref(), Some("KeyError: 'x'"));
    }

    #[test]
    fn a_traceback_that_mpiruns_words_cut_in_two_is_whole_again() {
        let log = Log::of(include_str!("../tests/data/mpirun/both.log"));
        let shown = log.failure();
        assert!(shown.starts_with(HEAD) && shown.ends_with("KeyError: 'orientation'"), "{shown}");
        assert_eq!((shown.matches(HEAD).count(), shown.lines().count()), (1, 7), "{shown}");
    }

    #[test]
    fn what_mpirun_says_is_shown_where_it_is_all_there_is() {
        let killed = Log::of(include_str!("../tests/data/mpirun/kill.log"));
        assert!(killed.failure().contains("exited on signal 9 (Killed)"), "{}", killed.failure());
        assert_eq!(killed.error(), None);
        let slots = Log::of(include_str!("../tests/data/mpirun/slots.log"));
        let shown = of_failure(slots.0.path(), 100).join("\n");
        assert!(shown.contains("There are not enough slots available"), "{shown}");
    }

    #[test]
    fn ranks_that_print_between_the_lines_of_a_tagged_traceback_are_left_out() {
        let log = Log::of(
            "[1,1]<stderr>:Traceback (most recent call last):\n[1,0]<stdout>:step 17\n\
             [1,1]<stderr>:  File \"model.py\", line 3, in <module>\n[1,0]<stdout>:step 18\n\
             [1,1]<stderr>:ValueError: 3 is not 4\n[1,0]<stdout>:step 19\n",
        );
        assert_eq!(log.error().as_deref(), Some("ValueError: 3 is not 4"));
        let shown = log.failure();
        assert_eq!(shown.matches("step").count(), 1, "only what came afterwards: {shown}");
    }

    #[test]
    fn an_error_that_was_caught_long_before_the_end_is_not_the_reason() {
        let caught = format!("{HEAD}\n  File \"model.py\", line 3\nOSError: no display\n");
        let steps: Vec<_> = (0..50).map(|step| format!("step {step}")).collect();
        let steps = steps.join("\n");
        let log = Log::of(&format!("{caught}{steps}\nSegmentation fault\n"));
        assert_eq!(log.error(), None);
        let shown = log.failure();
        assert!(shown.contains("OSError: no display\n…\nstep 46"), "{shown}");
        assert!(shown.ends_with("Segmentation fault"), "{shown}");
    }

    #[test]
    fn an_earlier_attempts_error_is_not_taken_for_the_last_ones() {
        let first = format!("{HEAD}\n  File \"model.py\", line 3\nOSError: stale file handle\n");
        let log = Log::of(&format!("{first}{}\nit works now\n", attempt_begins(Attempt(2))));
        assert_eq!((log.error(), &*log.failure()), (None, "it works now"));
        let log = Log::of(&format!("{first}{}\n", attempt_begins(Attempt(2))));
        assert!(log.failure().contains("stale file handle"), "there is nothing else yet");
        assert_eq!(log.error(), None);
    }

    #[test]
    fn a_long_message_keeps_its_beginning_and_its_end() {
        let names: Vec<_> = (0..400).map(|n| format!("parameter_{n}")).collect();
        let error = format!("KeyError: unknown are {}; did you mean `K`?", names.join(", "));
        let log = Log::of(&format!("{HEAD}\n  File \"model.py\", line 3\n{error}\n"));
        let reason = log.error().unwrap();
        assert_eq!(reason.chars().count(), 300);
        assert!(reason.starts_with("KeyError: unknown are parameter_0"), "{reason}");
        assert!(reason.ends_with("parameter_399; did you mean `K`?"), "{reason}");
        let shown = log.failure();
        assert!(shown.ends_with("parameter_399; did you mean `K`?") && shown.len() < 1200);
    }

    #[test]
    fn of_a_deep_traceback_both_ends_are_shown() {
        let frames: Vec<_> = (0..200).map(|n| format!("  File \"a.py\", line {n}, in f")).collect();
        let frames = frames.join(
            "
",
        );
        let log = Log::of(&format!("{HEAD}\n{frames}\nRecursionError: too deep\n"));
        let shown = log.failure();
        assert!(shown.contains("line 0, in f") && shown.contains("line 199, in f"), "{shown}");
        assert!(shown.contains("  … 170 lines …"), "{shown}");
    }

    #[test]
    fn lines_of_dashes_that_a_simulator_draws_stay() {
        let dashes = "-".repeat(74);
        let text = format!("{dashes}\nNEST 3.10\n{dashes}\nsome words\n{dashes}\nlast words\n");
        let log = Log::of(&text);
        assert_eq!(tail(log.0.path(), 100).join("\n") + "\n", text);
    }

    #[test]
    fn of_a_log_that_is_not_there_nothing_is_shown() {
        let log = Path::new("/nowhere/output.log");
        assert!(tail(log, 3).is_empty() && of_failure(log, 3).is_empty() && error(log).is_none());
    }
}
