import Foundation
import Testing

/// What a command says while it works, and how it can be asked to say it.
@Suite(.serialized) struct ConsoleTests {
  /// The objects in the lines of an output.
  private func events(_ outcome: Outcome) throws -> [[String: Any]] {
    try outcome.lines.map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
    }
  }

  /// What a command says to a terminal of a number of columns, which has one stream for everything.
  private func terminal(_ line: String, columns: Int = 80, in bench: Workbench) throws -> String {
    try bench.shell(
      """
      export -f distill
      export SHELL=/bin/bash TERM=xterm
      unset NO_COLOR
      script -qec 'stty cols \(columns); \(line) || true' /dev/null < /dev/null
      """
    ).output
  }

  @Test func aRunIsToldAsEvents() throws {
    let bench = try Workbench()
    let outcome = try bench.distill("run", "pipeline.yaml", "--json")
    #expect(outcome.status == 0 && outcome.errors == "")
    let events = try events(outcome)
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    let times = try events.map { try style.parse($0["time"] as? String ?? "") }
    #expect(times == times.sorted())
    func all(_ name: String, _ phase: String) -> [[String: Any]] {
      events.filter { $0["event"] as? String == name && ($0["phase"] ?? $0["what"]) as? String == phase }
    }
    let began = try #require(all("began", "student").first)
    #expect(began["epochs"] as? Int == 3 && began["steps_per_epoch"] as? Int == 8 && began["step"] as? Int == 0)
    let last = try #require(all("progress", "student").last)
    #expect(last["done"] as? Int == 24 && last["total"] as? Int == 24 && last["seconds_left"] as? Double == 0)
    #expect(last["loss"] is Double)
    #expect(all("epoch", "student").map { $0["step"] as? Int } == [8, 16, 24])
    #expect(all("ended", "student").count == 1)

    // An epoch is told in the words of metrics.jsonl.
    let metrics = String(decoding: try bench.data("runs/tiny/metrics.jsonl"), as: UTF8.self)
    let line = try #require(metrics.split(separator: "\n").last { $0.contains("\"event\":\"epoch\"") })
    var epoch = try #require(all("epoch", "student").last)
    epoch["time"] = nil
    #expect(
      NSDictionary(dictionary: epoch) == (try JSONSerialization.jsonObject(with: Data(line.utf8)) as? NSDictionary))

    let finished = try #require(events.last)
    #expect(finished["event"] as? String == "finished")
    #expect(finished["folder"] as? String == bench.path("runs/tiny"))
    let report = try Data(contentsOf: URL(filePath: try #require(finished["report"] as? String)))
    let written = try #require(try JSONSerialization.jsonObject(with: report) as? [String: Any])
    let rows = try #require(finished["rows"] as? [[String: Any]])
    let expected = try #require(written["rows"] as? [[String: Any]])
    #expect(rows.map { $0["name"] as? String } == expected.map { $0["name"] as? String })
    for (row, expected) in zip(rows, expected) {
      let scores = try #require(expected["scores"] as? [[String: Any]])
      for score in scores {
        #expect((row["scores"] as? [String: Double])?[score["metric"] as? String ?? ""] == score["value"] as? Double)
      }
    }
  }

  @Test func errorsAreEventsWithTheSameStatus() throws {
    let bench = try Workbench()
    try bench.run()
    for (arguments, status, part) in [
      (["run", "pipeline.yaml"], 2, "holds a finished run"), (["run", "none.yaml"], 2, "no such file"),
      (["run", "pipeline.yaml", "--set", "training.epoch=3"], 2, "unknown key `epoch`"),
      (["run", "pipeline.yaml", "--sed"], 2, "--sed"), (["run"], 2, "Missing expected argument"),
      (["rum", "pipeline.yaml"], 2, "did you mean run?"),
      (["run", "pipeline.yaml", "--output", "runs/fast", "--set", "training.learning_rate=1.0e+30"], 1, "not finite"),
      (["watch", "teacher"], 2, "is not the folder of a run"),
    ] {
      let plain = try bench.distill(arguments)
      try? FileManager.default.removeItem(at: bench.url.appending(path: "runs/fast"))
      let outcome = try bench.distill(arguments + ["--json"])
      #expect(outcome.status == Int32(status) && plain.status == Int32(status), "\(arguments)")
      #expect(outcome.errors == "" && plain.output == "", "\(arguments)")
      let error = try #require(try events(outcome).last)
      #expect(error["event"] as? String == "error" && error["status"] as? Int == status, "\(arguments)")
      let message = error["message"] as? String ?? ""
      #expect(message.contains(part) && !message.hasPrefix("error") && !message.contains("Usage"), "\(message)")
      let isInFile = message.contains("unknown key") || message.contains("no such file")
      #expect((error["problems"] as? [[String: Any]])?.first?["line"] as? Int == (isInFile ? 1 : nil), "\(message)")
    }
  }

  @Test func warningsAreEvents() throws {
    let bench = try Workbench()
    let arguments = ["run", "pipeline.yaml", "--set", "training.epochs=1", "--set", "knowledge_base.neighbours=100"]
    let outcome = try bench.distill(arguments + ["--json"])
    let warning = try #require(try events(outcome).first)
    #expect(outcome.status == 0 && outcome.errors == "" && warning["event"] as? String == "warning")
    #expect(warning["message"] as? String == "asks for 100 neighbours among 60 examples", "\(warning)")
    #expect(warning["file"] is String && warning["line"] as? Int == 1)
    let quiet = try bench.distill(arguments + ["--output", "runs/other", "--quiet"])
    #expect(quiet.status == 0 && quiet.errors == "")
  }

  @Test func aStoppedRunIsToldAsEvents() throws {
    let bench = try Workbench()
    let outcome = try bench.shell(
      """
      : > events  # the run in the background may open it after grep does
      "$program" run pipeline.yaml --json --set training.epochs=2000 >> events & run=$!
      until grep -q '"what":"student"' events; do sleep 0.02; done
      kill -TERM $run
      status=0; wait $run || status=$?
      echo $status; tail -n 1 events
      """)
    #expect(outcome.lines.first == "143", "\(outcome.output)")
    #expect(outcome.lines.last?.contains("\"event\":\"error\"") == true)
    #expect(outcome.lines.last?.contains("\"status\":143") == true && outcome.errors == "")
  }

  @Test func aQuietCommandSaysWhatWasAskedForAndErrors() throws {
    let bench = try Workbench()
    let outcome = try bench.distill("run", "pipeline.yaml", "--quiet")
    #expect(outcome.status == 0 && outcome.errors == "" && outcome.output.contains("student + knowledge base"))
    let again = try bench.distill("run", "pipeline.yaml", "--quiet")
    #expect(again.status == 2 && again.errors.contains("holds a finished run") && again.output == "")
    let evaluated = try bench.distill("evaluate", "runs/tiny", "--quiet")
    #expect(evaluated.status == 0 && evaluated.errors == "" && evaluated.output.contains("macro-f1"))
    let events = try bench.distill("run", "pipeline.yaml", "--output", "runs/other", "--quiet", "--json")
    #expect(events.lines.count == 1 && events.output.contains("\"event\":\"finished\""), "\(events.output)")
  }

  @Test func linesOfTheLogHaveTimes() throws {
    let bench = try Workbench()
    let log = try bench.distill("run", "pipeline.yaml", "--log-times").errors.split(separator: "\n")
    #expect(log.count > 5)
    for line in log { #expect(line.contains(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ [a-z]/), "\(line)") }
    let error = try bench.distill("run", "pipeline.yaml", "--log-times").errors
    #expect(error.contains(/^20\d\d-.*Z error: .* holds a finished run/), "\(error)")
  }

  @Test func aSweepIsToldAsEvents() throws {
    let bench = try Workbench()
    try bench.write(
      """
      version: 1
      pipeline: pipeline.yaml
      variants:
        - {name: short, set: ["training.epochs=1"]}
        - {name: too fast, set: ["training.learning_rate=1.0e+30"]}
      output: runs/sweep

      """, to: "sweep.yaml")
    let outcome = try bench.distill("sweep", "sweep.yaml", "--json")
    #expect(outcome.status == 1 && outcome.errors == "")
    let events = try events(outcome)
    let states = events.filter { $0["event"] as? String == "run" }
      .map { "\($0["name"] as? String ?? "") \($0["state"] as? String ?? "") \($0["done"] as? Int ?? -1)" }
    #expect(states == ["short-42 started 0", "short-42 finished 1", "too-fast-42 started 1", "too-fast-42 failed 1"])
    let last = try #require(events.last)
    #expect(last["event"] as? String == "finished" && last["failed"] as? [String] == ["too-fast-42"])
    #expect((last["comparison"] as? [String: Any])?["rows"] is [Any])
    let quiet = try bench.distill("sweep", "sweep.yaml", "--quiet")
    #expect(quiet.status == 1 && quiet.errors.contains("too-fast-42: failed") && !quiet.errors.contains("2 runs in"))
  }

  @Test func coloursAreForTerminalsThatWantThem() throws {
    let bench = try Workbench()
    let wrong = "distill run pipeline.yaml --set training.epoch=3"
    #expect(try terminal(wrong, in: bench).contains("\u{1B}[1;31merror:"))
    #expect(try terminal("NO_COLOR= \(wrong)", in: bench).contains("\u{1B}[1;31merror:"))
    for setting in ["NO_COLOR=1", "TERM=dumb"] {
      let text = try terminal("\(setting) \(wrong)", in: bench)
      #expect(text.contains("error: unknown key") && !text.contains("\u{1B}"), "\(setting) \(text)")
    }
    let piped = try bench.shell("\(wrong) || true").errors
    #expect(piped.contains("error: unknown key") && !piped.contains("\u{1B}"))
  }

  /// A name of wide characters, in terminals with room for none, some and all of it.
  @Test(arguments: [4, 21, 30, 50]) func wideCharactersStayOnTheLine(columns: Int) throws {
    let bench = try Workbench()
    try bench.write(
      """
      version: 1
      pipeline: pipeline.yaml
      variants: [{name: 知識蒸留の実験}]
      output: runs/sweep

      """, to: "sweep.yaml")
    let said = try terminal("distill sweep sweep.yaml", columns: columns, in: bench)
    let drawn = said.components(separatedBy: "\r\u{1B}[J").dropFirst().map { String($0.prefix { $0 != "\r\n" }) }
    let lines = drawn.filter { $0.contains("知") && !$0.contains("done in") }
    #expect(lines.isEmpty == (columns < 6), "\(said)")
    for line in lines {
      let wide = line.count { $0 >= "\u{3000}" }
      #expect(line.count + wide <= columns - 3 && (columns < 30 || line.contains("知識蒸留の実験-42")), "\(line)")
    }
  }
}
