//! The throw-away servers: they answer, come back where they were, and leave nothing behind.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use codegrant_testkit::servers::{MariaDbServer, PostgresServer, RedisServer, Server};

/// Sends a command to Redis and returns the first line of its answer.
fn ask(redis: &Server, command: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", redis.port())).unwrap();
    write!(stream, "{command}\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap().unwrap();
    if first.starts_with('$') && first != "$-1" {
        return lines.next().unwrap().unwrap();
    }
    first
}

/// Returns the first byte that a server greets with: MariaDB speaks first.
fn greeting(mariadb: &Server) -> u8 {
    let mut stream = TcpStream::connect(("127.0.0.1", mariadb.port())).unwrap();
    let mut head = [0; 5];
    stream.read_exact(&mut head).unwrap();
    head[4]
}

#[test]
fn redis_answers_and_without_durability_forgets_when_killed() {
    let Some(redis) = RedisServer::start() else {
        return;
    };
    assert_eq!(redis.url(), format!("redis://127.0.0.1:{}/", redis.port()));
    assert_eq!(ask(&redis, "SET key value"), "+OK");
    assert_eq!(ask(&redis, "GET key"), "value");
    let port = redis.port();
    redis.kill();
    assert!(
        TcpStream::connect(("127.0.0.1", port)).is_err(),
        "it is dead"
    );
    redis.start_again();
    assert_eq!(redis.port(), port);
    assert_eq!(ask(&redis, "GET key"), "$-1");
}

#[test]
fn durable_redis_keeps_what_it_acknowledged() {
    let Some(redis) = RedisServer::durable() else {
        return;
    };
    for number in 0..100 {
        assert_eq!(ask(&redis, &format!("SET key {number}")), "+OK");
        if number % 25 == 0 {
            redis.kill();
            redis.start_again();
            assert_eq!(ask(&redis, "GET key"), number.to_string());
        }
    }
    redis.restart();
    assert_eq!(ask(&redis, "GET key"), "99");
}

#[test]
fn paused_server_is_silent_until_it_is_resumed() {
    let Some(redis) = RedisServer::start() else {
        return;
    };
    let mut stream = TcpStream::connect(("127.0.0.1", redis.port())).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    redis.pause();
    stream.write_all(b"PING\r\n").unwrap();
    let mut answer = [0; 7];
    let silence = stream.read_exact(&mut answer).unwrap_err().kind();
    assert!(matches!(
        silence,
        ErrorKind::WouldBlock | ErrorKind::TimedOut
    ));
    redis.resume();
    stream.set_read_timeout(None).unwrap();
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
}

#[test]
fn one_process_shares_one_server() {
    let (Some(first), Some(second)) = (RedisServer::shared(), RedisServer::shared()) else {
        return;
    };
    assert_eq!(first.port(), second.port());
    assert_eq!(ask(second, "PING"), "+PONG");
}

#[test]
fn postgres_answers_after_a_kill_a_stop_and_a_pause() {
    let Some(postgres) = PostgresServer::start() else {
        return;
    };
    let first = postgres.new_database();
    postgres.kill();
    postgres.start_again();
    let second = postgres.new_database();
    assert_ne!(first, second);
    postgres.restart();
    postgres.pause();
    postgres.resume();
    postgres.new_database();
    assert!(
        postgres
            .url()
            .ends_with(&format!("{}/postgres", postgres.port()))
    );
}

#[test]
fn mariadb_answers_after_a_kill_a_stop_and_a_pause() {
    let Some(mariadb) = MariaDbServer::start() else {
        return;
    };
    assert_eq!(greeting(&mariadb), 10, "the version of its protocol");
    let first = mariadb.new_database();
    mariadb.kill();
    mariadb.start_again();
    assert_ne!(mariadb.new_database(), first);
    mariadb.restart();
    mariadb.pause();
    mariadb.resume();
    assert_eq!(greeting(&mariadb), 10);
}

/// Plays the killed test when it is started by itself: a server of its own, a shared one, and then nothing.
const KILLED: &str = "CODEGRANT_TEST_IS_KILLED";

#[test]
fn killed_test_leaves_neither_server_nor_folder() {
    if std::env::var_os(KILLED).is_some() {
        let (own, shared) = (
            RedisServer::start().unwrap(),
            RedisServer::shared().unwrap(),
        );
        for server in [&own, shared] {
            println!("server {} {}", server.port(), server.folder().display());
        }
        std::io::stdin().read_line(&mut String::new()).unwrap();
        panic!("it was to be killed");
    }
    if RedisServer::start().is_none() {
        return;
    }
    let mut killed = Command::new(std::env::current_exe().unwrap())
        .args([
            "killed_test_leaves_neither_server_nor_folder",
            "--exact",
            "--nocapture",
        ])
        .env(KILLED, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(killed.stdout.take().unwrap()).lines();
    let servers = lines.map_while(Result::ok).filter_map(|line| {
        let (port, folder) = line.split_once("server ")?.1.split_once(' ')?;
        Some((port.parse::<u16>().unwrap(), folder.to_owned()))
    });
    let servers: Vec<_> = servers.take(2).collect();
    assert_eq!(servers.len(), 2);
    let mut streams = Vec::new();
    for (port, folder) in &servers {
        assert!(Path::new(folder).is_dir());
        streams.push((port, TcpStream::connect(("127.0.0.1", *port)).unwrap()));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    // A server that lives says nothing on its own and closes nothing, so the end of a connection is its end. To
    // connect once more would prove less: a kernel may close the connection before the port, and somebody else may
    // have the port a moment later.
    for (port, mut stream) in streams {
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        match stream.read_to_end(&mut Vec::new()) {
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            left => panic!("the server at {port} is left: {left:?}"),
        }
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    for (_, folder) in &servers {
        while Path::new(folder).exists() {
            assert!(Instant::now() < deadline, "{folder} is left");
            std::thread::yield_now();
        }
    }
}
