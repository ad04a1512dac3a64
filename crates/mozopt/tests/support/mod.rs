//! A model's directory to search in, and the program run as a user runs it.

// Every test file uses a part of this.
#![allow(dead_code)]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

pub mod cluster;
pub mod disk;
pub mod python;

/// No command of these tests takes nearly as long.
const HARD_TIMEOUT: Duration = Duration::from_secs(100);

/// Two parameters and two targets that cannot be met, so that a search ends by its limits.
pub const CONFIG: &str = r#"{
 "parameters": {
  "a": [0.0, 1.0],
  "b": [0.0, 1.0]
 },
 "optimiser_centroid": {"a": 0.8, "b": 0.3},
 "targets": [
  {"class": "TargetValue", "name": "x", "target_value": 2, "norm": 0.1},
  {"class": "RangeTarget", "name": "y", "target_value": [3, 4], "norm": 0.1, "max_score": 50}
 ]
}
"#;

/// A model whose values are its parameters: x = a, y = b.
pub const IDENTITY: &str = r#"
a=$(sed -n 's/^ *"a": \([^,]*\).*/\1/p' "$MOZOPT_SIMULATION")
b=$(sed -n 's/^ *"b": \([^,]*\).*/\1/p' "$MOZOPT_SIMULATION")
echo "{\"values\": {\"x\": $a, \"y\": $b}}" > "$(dirname "$MOZOPT_SIMULATION")/values.json"
"#;

/// The directory of a model, removed at the end of the test.
pub struct Model {
    directory: TempDir,
}

impl Model {
    /// A model with these two files.
    pub fn new(config: impl AsRef<[u8]>, settings: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let model = Self { directory };
        model.write("param_optim/config_optimisation", config);
        model.write("mozopt.toml", settings);
        model
    }

    /// The embedded model with few cells; one generation of two, the data of one of which is kept.
    pub fn of_v1() -> Self {
        let density = "sheets.l4_cortex_exc.params.density";
        let target = json!({
            "class": "SpontActivityTarget", "sheet_name": "V1_Exc_L4", "target_value": [0, 100],
            "norm": 1,
        });
        let config = json!({
            "parameters": {density: [40, 60]},
            "optimiser_centroid": {density: 50},
            "targets": [target],
        });
        let settings = "[simulator]\nkind = \"v1\"\n[optimizer]\nalgorithm = \"random\"\n\
                        offspring_size = 2\nmax_ngen = 1\nvalidate_best = 0\n";
        Self::new(config.to_string(), settings)
    }

    /// A copy of the mozaik model in `tests/mozaik` of the project.
    pub fn of_mozaik() -> Self {
        Self::copy_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/mozaik/model"))
    }

    /// A copy of a directory.
    pub fn copy_of(original: &Path) -> Self {
        let model = Self { directory: tempfile::tempdir().unwrap() };
        copy_directory(original, model.path());
        model
    }

    /// The text of one of its files.
    pub fn read(&self, name: &str) -> String {
        let path = self.path().join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Replaces a piece of one of its files, which must be there.
    #[track_caller]
    pub fn edit(&self, name: &str, old: &str, new: &str) {
        let text = self.read(name);
        assert!(text.contains(old), "`{old}` is not in {name}:\n{text}");
        self.write(name, text.replacen(old, new, 1));
    }

    /// A model simulated by a script of bash; two generations of four, two at a time.
    pub fn simulated_by(script: &str) -> Self {
        let settings = "[simulator]\nkind = \"command\"\ncommand = \"bash simulate.sh\"\n\
                        [execution]\nslots = 2\nretry_pause = \"1s\"\n[optimizer]\nalgorithm = \"cma-es\"\noffspring_size = 4\nmax_ngen = 2\nvalidate_best = 0\n";
        let model = Self::new(CONFIG, settings);
        model.write("simulate.sh", script);
        model
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file of the model.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    /// Appends a line to a file whenever a simulation calls `note` in it.
    pub fn noted(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path().join("noted")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Runs a command of mozopt on this directory; the flags are words between spaces.
    pub fn mozopt(&self, command: &str, flags: &str) -> Ended {
        self.begin(command, flags).wait()
    }

    /// The same, without waiting for its end.
    pub fn begin(&self, command: &str, flags: &str) -> Running {
        let mut process = mozopt();
        process.args(command.split_whitespace()).arg(self.path());
        Running::of(process.args(flags.split_whitespace()))
    }

    /// The one optimization that was begun here.
    pub fn optimization(&self) -> Optimization {
        let paths = optimizations_in(self.path());
        assert_eq!(paths.len(), 1, "{paths:?}");
        Optimization(paths.into_iter().next().unwrap())
    }

    /// Waits until this many simulations have called `note`.
    pub fn wait_for_notes(&self, count: usize) {
        wait_until("simulations run", || self.noted().len() >= count);
    }
}

fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let copy = to.join(entry.file_name().unwrap());
        if entry.is_dir() {
            copy_directory(&entry, &copy);
        } else {
            fs::copy(&entry, &copy).unwrap();
        }
    }
}

/// The paths of all optimizations in a directory.
pub fn optimizations_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        entries.filter(|path| path.to_string_lossy().ends_with("_Optimization")).collect();
    found.sort();
    found
}

/// The program, in an environment without wishes about colour.
pub fn mozopt() -> Command {
    let program = env!("CARGO_BIN_EXE_mozopt");
    // It would ignore Ctrl-C, too.
    let mut command =
        if ignores_interrupts() { Command::new("/usr/bin/env") } else { Command::new(program) };
    if ignores_interrupts() {
        command.arg("--default-signal=INT").arg(program);
    }
    command.stdin(Stdio::null()).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// Whether the tests ignore Ctrl-C, as what a shell runs in the background does.
fn ignores_interrupts() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    ignored.is_some_and(|bits| bits & (1 << (Signal::INT.as_raw() - 1)) != 0)
}

/// A command that runs; killed when the test gives up.
pub struct Running {
    child: Child,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
}

impl Running {
    /// Starts the command and reads what it prints.
    pub fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = Some(read_all(child.stdout.take().unwrap()));
        let stderr = Some(read_all(child.stderr.take().unwrap()));
        Self { child, stdout, stderr }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to this process only.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end.
    pub fn wait(self) -> Ended {
        self.wait_at_most(HARD_TIMEOUT)
    }

    /// Waits for its end, which may take this long.
    pub fn wait_at_most(mut self, time: Duration) -> Ended {
        let deadline = Instant::now() + time;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() >= deadline {
                let _ = self.child.kill();
                let said = self.stderr.take().unwrap().join().unwrap();
                panic!("mozopt does not end:\n{said}");
            }
            thread::sleep(Duration::from_millis(5));
        };
        let code = status.code().unwrap_or_else(|| panic!("mozopt ended with {status}"));
        let stdout = self.stdout.take().unwrap().join().unwrap();
        let stderr = self.stderr.take().unwrap().join().unwrap();
        Ended { code, stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_all(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = vec![];
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    })
}

/// A command that ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: i32,
    /// What it printed as data.
    pub stdout: String,
    /// What it printed as words.
    pub stderr: String,
}

impl Ended {
    /// Checks the exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Checks that the words contain these, however the lines are broken.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        let (said, wanted) = (unbroken(&self.stderr), unbroken(words));
        let shown: String = self.stderr.chars().take(3000).collect();
        assert!(said.contains(&wanted), "`{words}` is not in:\n{shown}");
        self
    }

    /// Checks that the data contain these words, however the lines are broken.
    #[track_caller]
    pub fn shows(self, words: &str) -> Self {
        assert!(
            unbroken(&self.stdout).contains(&unbroken(words)),
            "`{words}` is not in:\n{}",
            self.stdout
        );
        self
    }

    /// Its data as JSON: exactly one object.
    #[track_caller]
    pub fn json(&self) -> Value {
        let value: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}:\n{}\n{}", self.stdout, self.stderr));
        assert!(value.is_object(), "{value}");
        value
    }
}

/// Without the frame and the line breaks that messages are printed with. A long word may be broken
/// anywhere, so that spaces do not count either.
pub fn unbroken(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !"│×╭╰─·".contains(*c)).collect()
}

/// The directory of an optimization.
pub struct Optimization(pub PathBuf);

impl Optimization {
    /// Runs a command of mozopt on it.
    pub fn mozopt(&self, command: &str, flags: &str) -> Ended {
        let mut process = mozopt();
        process.args(command.split_whitespace()).arg(&self.0).args(flags.split_whitespace());
        Running::of(&mut process).wait()
    }

    /// The path of one of its files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A JSON file of a simulation.
    pub fn json_of(&self, candidate: usize, name: &str) -> Value {
        let path = self.file(&format!("simulations/{candidate:06}/{name}"));
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    /// The journal's entries; every line must be whole.
    pub fn journal(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.file("journal.jsonl")).unwrap();
        assert!(text.ends_with('\n'), "the last line is torn");
        let entries: Vec<Value> = text.lines().map(checked_entry).collect();
        for (i, entry) in entries.iter().enumerate() {
            assert_eq!(entry["seq"], i, "{entry}");
        }
        entries
    }

    /// The journal's entries of one kind.
    pub fn events(&self, kind: &str) -> Vec<Value> {
        self.journal().into_iter().filter(|entry| entry["event"] == kind).collect()
    }

    /// Every candidate's parameters, in the order of their numbers.
    pub fn proposals(&self) -> Vec<Value> {
        let proposed = self.events("proposed");
        let candidates = proposed.iter().flat_map(|entry| entry["candidates"].as_array().unwrap());
        candidates.cloned().collect()
    }

    /// Every outcome in the order of the candidates: its class, total, and the targets' values and
    /// scores.
    pub fn outcomes(&self) -> Vec<Value> {
        let mut finished = self.events("finished");
        finished.sort_by_key(|entry| entry["candidate"].as_u64());
        let numbers: Vec<_> = finished.iter().map(|entry| entry["candidate"].as_u64()).collect();
        assert!((0..numbers.len() as u64).map(Some).eq(numbers.iter().copied()), "{numbers:?}");
        finished
            .into_iter()
            .map(|mut entry| {
                let mut result = entry["result"].take();
                let fields = result.as_object_mut().unwrap();
                let differs = |key: &str| {
                    key.ends_with("_seconds")
                        || ["peak_memory", "started", "finished"].contains(&key)
                };
                fields.retain(|key, _| !differs(key));
                result
            })
            .collect()
    }
}

/// Checks a line of the journal against its checksum and parses it.
fn checked_entry(line: &str) -> Value {
    let (body, tail) = line.split_at(line.len() - r#","crc32c":"00000000"}"#.len());
    assert_eq!(tail, format!(",\"crc32c\":\"{:08x}\"}}", crc32c_of(body.as_bytes())), "{line}");
    serde_json::from_str(line).unwrap()
}

/// CRC-32C bit by bit (RFC 3720, appendix B.4), to check the journal without the journal's own
/// code.
pub fn crc32c_of(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| step(crc)))
}

#[test]
fn the_checksum_is_that_of_the_standard() {
    assert_eq!(crc32c_of(&[0; 32]), 0x8a91_36aa);
    assert_eq!(crc32c_of(b"123456789"), 0xe306_9283);
}

/// Waits for something that will surely happen soon.
#[track_caller]
pub fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !happened() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Whether this process lives; one that nobody has waited for yet does not count.
pub fn is_alive(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat"));
    status.is_ok_and(|text| text.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z')))
}
