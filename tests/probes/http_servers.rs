//! nginx, HAProxy and tinyproxy for the tests of `http`, each with a configuration of its own.

use crate::rig::{Certificate, Directory, Server, free_port, program};
use std::process::Command;

/// A server that speaks in the clear and, on another port, encrypted.
pub struct Web {
    pub plain: u16,
    pub secure: u16,
    pub certificate: Certificate,
    pub directory: Directory,
    _server: Server,
}

impl Web {
    /// The key `url` of a document, in the clear.
    pub fn url(&self, path: &str) -> String {
        format!(r#""url": "http://127.0.0.1:{}{path}""#, self.plain)
    }

    /// The same, encrypted, and whom to trust.
    pub fn secure_url(&self, path: &str) -> String {
        format!(r#""url": "https://127.0.0.1:{}{path}", {}"#, self.secure, self.certificate.tls())
    }
}

/// What nginx answers. `return` comes before authorization, so what needs a password is a file.
const LOCATIONS: &str = r#"
    location = /ok { add_header X-Build "v12 of today" always; return 200 "all is well"; }
    location = /missing { return 404 "nothing"; }
    location = /busy { add_header Retry-After 7 always; return 503 "later"; }
    location = /many { return 429; }
    location = /degraded { add_header X-Envoy-Degraded 1; return 200 "so so"; }
    location = /json { default_type application/json;
        return 200 '{"status": "yellow", "nodes": [{"lag": 3.5}], "secret": "hidden"}'; }
    location = /version { return 200 "$server_protocol $http_host $request_method"; }
    location = /told { return 200 "<$http_authorization><$http_x_own><$http_cookie>"; }
    location = /token { if ($http_authorization != "Bearer letmein") { return 401; } return 200; }
    location /private/ { auth_basic "x"; auth_basic_user_file PLACE/users; }
    location /chunked/ { sub_filter_types *; sub_filter "one" "two"; }
    location = /old { return 301 /ok; }
    location = /old/twice { return 302 ../old; }
    location = /loop { return 302 /loop; }
    location = /nowhere { return 302; }
    location = /mail { return 302 "mailto:me@mail.test"; }
    location = /posted { return 303 /version; }
    location = /again { return 307 /version; }
    location = /secure { return 301 https://127.0.0.1:SECURE/version; }
    location = /insecure { return 301 http://127.0.0.1:PLAIN/ok; }
    location = /other { return 302 http://localhost:PLAIN/told; }
    location = /port { return 302 https://127.0.0.1:SECURE/told; }
"#;

/// nginx; `None` where it is not installed.
pub fn nginx() -> Option<Web> {
    let program = program("nginx")?;
    let directory = Directory::new();
    let certificate = Certificate::new(&directory);
    let (plain, secure) = (free_port(), free_port());
    let place = directory.path().to_str().expect("UTF-8").to_owned();
    for folder in ["private", "chunked"] {
        std::fs::create_dir(directory.path().join(folder)).expect("a folder");
    }
    directory.write("private/ok", "for few");
    directory.write("chunked/ok", &format!("one {}", "x".repeat(20_000)));
    directory.write("users", "me:{PLAIN}open sesame\n");
    let locations = LOCATIONS
        .replace("PLACE", &place)
        .replace("SECURE", &secure.to_string())
        .replace("PLAIN", &plain.to_string());
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {place}/{kind};\n"))
        .concat();
    let text = format!(
        "daemon off; master_process off; pid {place}/pid; error_log {place}/log;
        events {{ worker_connections 64; }}
        http {{
            access_log off; {temporary} root {place}; gzip on; gzip_types *; absolute_redirect off;
            server {{ listen 127.0.0.1:{plain}; {locations} }}
            server {{ listen 127.0.0.1:{secure} ssl http2;
                ssl_certificate {}; ssl_certificate_key {};
                ssl_protocols TLSv1.2 TLSv1.3; {locations} }}
        }}",
        certificate.chain, certificate.key
    );
    let config = directory.write("nginx.conf", &text);
    let mut command = Command::new(program);
    let server = Server::start(command.args(["-p", &place, "-c", &config]), plain);
    Some(Web { plain, secure, certificate, directory, _server: server })
}

/// HAProxy; `None` where it is not installed.
pub fn haproxy() -> Option<Web> {
    let program = program("haproxy")?;
    let directory = Directory::new();
    let certificate = Certificate::new(&directory);
    let (plain, secure) = (free_port(), free_port());
    let read = |path: &str| std::fs::read_to_string(path).expect("a certificate");
    let both = read(&certificate.chain) + &read(&certificate.key);
    let both = directory.write("both.pem", &both);
    let text = format!(
        r#"global
    maxconn 64
defaults
    mode http
    timeout client 30s
    timeout connect 30s
    timeout server 30s
frontend all
    bind 127.0.0.1:{plain}
    bind 127.0.0.1:{secure} ssl crt {both} alpn h2,http/1.1
    http-request return status 200 content-type text/plain string "all is well" if {{ path /ok }}
    http-request return status 503 hdr Retry-After 7 if {{ path /busy }}
    http-request auth realm x if {{ path /private }} !{{ http_auth(users) }}
    http-request return status 200 content-type text/plain string "for few" if {{ path /private }}
    http-request redirect location /ok code 302 if {{ path /old }}
    default_backend nobody
backend nobody
userlist users
    user me insecure-password "open sesame"
"#
    );
    let config = directory.write("haproxy.cfg", &text);
    let server = Server::start(Command::new(program).args(["-db", "-f", &config]), plain);
    Some(Web { plain, secure, certificate, directory, _server: server })
}

/// tinyproxy with a user and a password; `None` where it is not installed.
pub fn tinyproxy(directory: &Directory) -> Option<Server> {
    let program = program("tinyproxy")?;
    let port = free_port();
    let text = format!(
        "Port {port}\nListen 127.0.0.1\nTimeout 30\nMaxClients 20\nBasicAuth me sesame\n\
         LogLevel Critical\nAllow 127.0.0.1\n"
    );
    let config = directory.write("tinyproxy.conf", &text);
    Some(Server::start(Command::new(program).args(["-d", "-c", &config]), port))
}
