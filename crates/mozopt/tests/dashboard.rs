//! `serve`: who is answered, what is told while a search runs, and that requests reach it.

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use support::{IDENTITY, Model, Optimization, mozopt, wait_until};

/// The dashboard of an optimization, killed at the end of the test.
struct Dashboard {
    process: Child,
    port: u16,
    token: String,
}

impl Dashboard {
    fn of(optimization: &Optimization) -> Self {
        let mut process = mozopt();
        process.args(["serve", "--no-browser"]).arg(&optimization.0);
        let mut process = process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut address).unwrap();
        let rest = address.trim().strip_prefix("http://127.0.0.1:").unwrap();
        let (port, token) = rest.split_once("/?token=").unwrap();
        Self { port: port.parse().unwrap(), token: token.to_owned(), process }
    }

    /// Sends a request as it stands on the wire.
    fn send(&self, head: &str, body: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let length = body.len();
        let request =
            format!("{head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).unwrap();
        BufReader::new(stream)
    }

    /// The status and the body of an answer.
    fn answer(&self, head: &str, body: &str) -> (u16, String) {
        let mut text = String::new();
        self.send(head, body).read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn head(&self, method: &str, path: &str) -> String {
        let (port, token) = (self.port, &self.token);
        format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json"
        )
    }

    fn get(&self, path: &str) -> (u16, String) {
        self.answer(&self.head("GET", path), "")
    }

    fn ask(&self, request: &Value) -> (u16, String) {
        self.answer(&self.head("POST", "/api/requests"), &request.to_string())
    }

    /// What it tells, as it comes.
    fn news(&self) -> impl Iterator<Item = Value> + use<> {
        let lines = self.send(&self.head("GET", "/api/news"), "").lines();
        lines.filter_map(|line| {
            let line = line.unwrap();
            Some(serde_json::from_str(line.strip_prefix("data: ")?).unwrap())
        })
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn connections_on_which_nothing_comes_are_closed_and_the_news_go_on() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "-q").exits(0);
    let dashboard = Dashboard::of(&model.optimization());
    let mut news = dashboard.news();
    news.next().unwrap();
    let whole =
        format!("{}\r\nContent-Length: 0\r\n\r\n", dashboard.head("GET", "/api/sections/best"));
    let body = dashboard.head("POST", "/api/requests") + "\r\nContent-Length: 20\r\n\r\n{\"re";
    let halves = ["", "GET / HTTP/1.1\r\nHost: 127", &whole, &body].map(|sent| {
        let mut stream = TcpStream::connect(("127.0.0.1", dashboard.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        stream.write_all(sent.as_bytes()).unwrap();
        stream
    });
    for mut stream in halves {
        // Until the other side closes; a time-out would be an error.
        let mut answer = vec![];
        stream.read_to_end(&mut answer).unwrap();
    }
    // Whoever listens for news says nothing either.
    model.optimization().mozopt("resume", "-q --max-ngen 3").exits(0);
    assert!(news.any(|status| status["generations"] == 3));
}

/// The identity; every simulation notes itself and waits.
fn slow(seconds: f64) -> String {
    format!("echo $$ >> noted; sleep {seconds}; {IDENTITY}")
}

#[test]
fn only_who_knows_the_token_is_answered_and_under_this_machines_name() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "-q").exits(0);
    let dashboard = Dashboard::of(&model.optimization());
    let (port, token) = (dashboard.port, &dashboard.token);
    let page = |host: &str, query: &str| {
        dashboard.answer(&format!("GET /{query} HTTP/1.1\r\nHost: {host}"), "").0
    };
    let here = format!("127.0.0.1:{port}");
    let known = format!("?token={token}");
    assert_eq!(page(&here, &known), 200);
    assert_eq!(page("localhost:99", &known), 200, "the other end of a tunnel");
    assert_eq!(page(&here, ""), 403);
    assert_eq!(page(&here, "?token=0123456789abcdef0123456789abcdef"), 403);
    assert_eq!(page("evil.example", &known), 403);
    let paths = ["/api/news", "/api/candidates/0", "/api/figures/scores", "/api/sections/best"];
    for path in paths {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {here}");
        assert_eq!(dashboard.answer(&head, "").0, 403, "{path}");
    }
    // A link or a form of another page sends no header.
    let head = format!("POST /api/requests{known} HTTP/1.1\r\nHost: {here}");
    assert_eq!(dashboard.answer(&head, "{\"request\": \"pause\"}").0, 403);
    let elsewhere =
        format!("{}\r\nOrigin: http://evil.example", dashboard.head("POST", "/api/requests"));
    assert_eq!(dashboard.answer(&elsewhere, "{\"request\": \"pause\"}").0, 403);
}

#[test]
fn the_biology_of_a_candidate_can_be_seen_where_its_data_was_kept() {
    let model = Model::of_v1();
    model.mozopt("run", "-q").exits(0);
    let optimization = model.optimization();
    let kept =
        |number: &u64| optimization.file(&format!("simulations/{number:06}/datastore")).exists();
    let (kept, removed): (Vec<u64>, Vec<u64>) = (0..2).partition(kept);
    assert_eq!((kept.len(), removed.len()), (1, 1));
    let dashboard = Dashboard::of(&optimization);
    let link = |number: u64| format!("/api/candidates/{number}/biology");
    assert!(dashboard.get(&format!("/api/candidates/{}", kept[0])).1.contains(&link(kept[0])));
    assert!(!dashboard.get(&format!("/api/candidates/{}", removed[0])).1.contains("biology"));
    let mut answer = String::new();
    let head = dashboard.head("GET", &link(kept[0]));
    dashboard.send(&head, "").read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for words in ["default-src 'none'; script-src 'unsafe-inline'", "rate at rest", "\"raster\""] {
        assert!(answer.contains(words), "{words}");
    }
    let (status, text) = dashboard.get(&link(removed[0]));
    assert_eq!((status, text.contains("not kept")), (404, true), "{text}");
}

#[test]
fn what_a_client_sends_is_never_a_path() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "-q").exits(0);
    let dashboard = Dashboard::of(&model.optimization());
    let (status, text) = dashboard.get("/api/candidates/0/files/simulation.json");
    assert_eq!(status, 200);
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["candidate"], 0);
    for path in [
        "/api/candidates/0/files/..%2F..%2Fconfiguration.json",
        "/api/candidates/0/files/%2Fetc%2Fpasswd",
        "/api/candidates/0/files/../../configuration.json",
        "/api/candidates/..%2F0/files/output.log",
        "/api/candidates/99/files/output.log",
        "/api/candidates/18446744073709551615",
        "/api/figures/..%2Fx",
        "/assets/..%2Fx",
    ] {
        let (status, _) = dashboard.get(path);
        assert!(matches!(status, 400 | 404), "{path}: {status}");
    }
    let too_large = json!({"request": "pause", "why": "x".repeat(100_000)});
    assert_eq!(dashboard.ask(&too_large).0, 413);
    assert_eq!(dashboard.ask(&json!({"request": "restart"})).0, 422);
}

#[test]
fn new_simulations_are_told_while_the_search_runs() {
    let model = Model::simulated_by(&slow(0.2));
    let search = model.begin("run", "--max-ngen 4 --json");
    model.wait_for_notes(1);
    let optimization = model.optimization();
    let dashboard = Dashboard::of(&optimization);
    let mut counts = vec![];
    for status in dashboard.news() {
        let Some(count) = status["simulations"].as_u64() else { continue };
        let written = optimization.journal();
        let finished = written.iter().filter(|entry| entry["event"] == "finished").count() as u64;
        assert!(count <= finished, "nothing is told before it is in the journal");
        counts.push(count);
        if count == 16 {
            break;
        }
    }
    search.wait().exits(0);
    assert!(counts.len() > 4 && counts.is_sorted(), "{counts:?}");

    // What is told is what the search says of itself.
    let best = &model.mozopt("status", "--json").exits(0).json()["best"];
    let last = dashboard.news().find(|status| status["stopped"].is_string()).unwrap();
    assert_eq!(last["stopped"], "the limit max_ngen = 4 is reached");
    assert_eq!(last["best"], json!([best["candidate"], best["total"]]));
    assert!(last["resume"].as_str().unwrap().contains("resume"));
    let (_, html) = dashboard.get(&format!("/api/candidates/{}", best["candidate"]));
    assert!(html.contains("<td class=\"text\">x</td>"), "{html}");
}

#[test]
fn the_table_is_sent_a_window_at_a_time() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "-q").exits(0);
    let dashboard = Dashboard::of(&model.optimization());
    wait_until("the journal is read", || dashboard.get("/api/candidates/7").0 == 200);
    let window = |flags: &str| -> (u64, Vec<f64>) {
        let (status, text) = dashboard.get(&format!("/api/candidates?{flags}"));
        assert_eq!(status, 200, "{text}");
        let window: Value = serde_json::from_str(&text).unwrap();
        let rows = window["html"].as_str().unwrap().split("<tr>").skip(1);
        let total = |row: &str| {
            row.split("data-value=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
        };
        (window["count"].as_u64().unwrap(), rows.map(total).collect())
    };
    let (count, best) = window("sort=total&down=false&from=0&rows=3");
    let (_, all) = window("sort=total&down=false&from=0&rows=99999");
    let (_, worst) = window("sort=total&down=true&from=0&rows=1");
    assert_eq!((count, best.len(), all.len()), (8, 3, 8));
    assert!(all.is_sorted() && all[..3] == best && all[7] == worst[0]);
    assert_eq!(window("sort=candidate&down=false&from=8&rows=5").1.len(), 0);
    assert_eq!(dashboard.get("/api/candidates?sort=parameters&down=false&from=0&rows=1").0, 400);
}

#[test]
fn requests_reach_the_search_and_are_in_the_journal() {
    let model = Model::simulated_by(&slow(0.1));
    let search = model.begin("run", "--max-ngen 500 --json");
    model.wait_for_notes(1);
    let optimization = model.optimization();
    let dashboard = Dashboard::of(&optimization);
    assert_eq!(dashboard.ask(&json!({"request": "change_limits", "max_ngen": 0})).0, 422);

    assert_eq!(dashboard.ask(&json!({"request": "pause"})).0, 202);
    dashboard.news().find(|status| status["paused"] == true && status["running"] == 0).unwrap();
    let begun = model.noted().len();
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(model.noted().len(), begun, "nothing is begun while it is paused");

    dashboard.ask(&json!({"request": "change_limits", "max_ngen": 300, "slots": 1}));
    dashboard.news().find(|status| status["limits"]["max_ngen"] == 300).unwrap();
    dashboard.ask(&json!({"request": "continue"}));
    dashboard.news().find(|status| status["paused"] == false).unwrap();
    model.wait_for_notes(begun + 2);

    dashboard.ask(&json!({"request": "stop", "cancel": false}));
    search.wait().exits(3);
    let asked: Vec<_> =
        optimization.events("requested").iter().map(|e| e["what"]["request"].clone()).collect();
    assert_eq!(asked, ["pause", "change_limits", "continue", "stop"]);
    assert_eq!(fs::read_dir(optimization.file("requests")).unwrap().count(), 0);

    // Changed limits stay, and nobody is there to be asked any more.
    let (status, why) = dashboard.ask(&json!({"request": "pause"}));
    assert!(status == 409 && why.contains("resume"), "{status}: {why}");
    optimization.mozopt("resume", "--max-simulations 1 --json").exits(0);
    let resumed = &optimization.events("controller")[1]["limits"];
    assert_eq!((&resumed["max_ngen"], &resumed["slots"]), (&json!(300), &json!(1)));
}

#[test]
fn what_an_earlier_controller_was_asked_is_forgotten() {
    let model = Model::simulated_by(IDENTITY);
    model.mozopt("run", "--max-ngen 1 -q").exits(0);
    let optimization = model.optimization();
    fs::create_dir_all(optimization.file("requests")).unwrap();
    let left = optimization.file("requests/0-0.json");
    fs::write(&left, "{\"request\": \"stop\", \"cancel\": true}").unwrap();
    let ended = optimization.mozopt("resume", "--max-ngen 2 --json").exits(0);
    assert_eq!(ended.json()["simulations"], 8);
    assert!(!left.exists());
}

#[test]
fn a_request_that_nobody_understands_is_said_and_removed() {
    let model = Model::simulated_by(&slow(0.2));
    let search = model.begin("run", "--max-ngen 4");
    model.wait_for_notes(1);
    let optimization = model.optimization();
    fs::create_dir_all(optimization.file("requests")).unwrap();
    let strange = optimization.file("requests/1.json");
    fs::write(&strange, "{\"request\": \"restart\"}").unwrap();
    search.wait().exits(0).says("not understood");
    assert!(!strange.exists());
}

#[test]
fn stop_reaches_the_controller_through_the_files_and_cancels() {
    let model = Model::simulated_by(&slow(100.0));
    let search = model.begin("run", "--json");
    model.wait_for_notes(2);
    let began = Instant::now();
    model.mozopt("stop", "").exits(0).says("stopped");
    search.wait().exits(3).says("cancelling the running simulations");
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!(model.optimization().events("requested").len(), 1);
}

#[test]
fn ctrl_c_ends_the_dashboard_and_not_the_search() {
    let model = Model::simulated_by(&slow(0.2));
    let search = model.begin("run", "--max-ngen 4 --json");
    model.wait_for_notes(1);
    let mut dashboard = Dashboard::of(&model.optimization());
    let mut news = dashboard.news();
    news.next().unwrap();
    kill_process(Pid::from_child(&dashboard.process), Signal::INT).unwrap();
    let status = dashboard.process.wait().unwrap();
    assert_eq!(status.code(), Some(0), "with a viewer that still listens");
    search.wait().exits(0);
}
