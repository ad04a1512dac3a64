//! `mozopt serve`: an optimization in the browser, live.

use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use tempfile::NamedTempFile;

use simulation::host;

use crate::cli::ServeArguments;
use crate::dashboard::{Followed, Token, bind, serve as serve_dashboard};
use crate::failure::{FINISHED, Failure};

/// Prints the address and serves the dashboard until Ctrl-C.
pub fn serve(arguments: &ServeArguments) -> Result<u8, Failure> {
    let directory = super::find(&arguments.optimization)?;
    let shown = directory.shown();
    let followed = Arc::new(Followed::new(directory)?);
    let listener = bind(arguments.port).map_err(|error| {
        let message = format!("cannot listen on port {}: {error}", arguments.port);
        Failure::bad_input(message, "choose another --port, or leave it out")
    })?;
    let failed = |error| Failure::failed(error, "the dashboard ended; the optimization did not");
    let port = listener.local_addr().map_err(failed)?.port();
    let token = Token::draw().map_err(failed)?;
    let address = format!("http://127.0.0.1:{port}/?token={}", token.as_str());
    super::print(&format!("{address}\n"))?;
    say!("showing {shown}; Ctrl-C ends the dashboard, not the optimization");
    say!("from another machine: {}, then open the address there", tunnel(port));
    let _redirection = if arguments.no_browser { None } else { open(&address) };
    serve_dashboard(listener, token, followed).map_err(failed)?;
    Ok(FINISHED)
}

/// What makes the port reachable from the user's own machine.
fn tunnel(port: u16) -> String {
    let user = std::env::var("USER").unwrap_or_else(|_| "USER".to_owned());
    let through = |login| format!("-J {user}@{login} ");
    // Nodes are reached through the machine from which the job was submitted.
    let through = std::env::var("SLURM_SUBMIT_HOST").map(through).unwrap_or_default();
    format!("ssh {through}-L {port}:127.0.0.1:{port} {user}@{}", host())
}

/// Opens the page where a person sits at this machine, by a file that only they can read: everybody
/// can read the arguments of processes. The file is gone when the dashboard ends.
fn open(address: &str) -> Option<NamedTempFile> {
    let screen = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    let remote = std::env::var_os("SSH_CONNECTION").is_some();
    if !screen || remote || !std::io::stdout().is_terminal() {
        return None;
    }
    // That this does not work is no failure: the address was printed.
    let mut file = tempfile::Builder::new().prefix("mozopt-").suffix(".html").tempfile().ok()?;
    write!(file, "<meta http-equiv=\"refresh\" content=\"0; url={address}\">").ok()?;
    let mut browser = Command::new("xdg-open");
    browser.arg(file.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    Some(file)
}
