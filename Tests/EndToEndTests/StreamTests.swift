import Foundation
import Testing

/// Standard streams that are full, closed, or read by somebody who has seen enough.
@Suite(.serialized) struct StreamTests {
  private static let printing = [
    "--help", "help run", "--version", "--generate-completion-script bash", "tokenize teacher texts.txt", "schema",
    "plugins", "plugins describe hnsw", "show pipeline.yaml", "validate pipeline.yaml", "init",
    "validate pipeline.yaml --format json",
  ]

  private func bench() throws -> Workbench {
    let bench = try Workbench()
    try bench.write("where is my parcel\nmoney back\n", to: "texts.txt")
    return bench
  }

  /// How a line of shell ends whose failure is expected.
  private func status(_ line: String, in bench: Workbench) throws -> (status: String, errors: String) {
    let outcome = try bench.shell("set +e\n\(line)\nstatus=$?\necho $status > status")
    return (String(decoding: try bench.data("status"), as: UTF8.self).filter(\.isNumber), outcome.errors)
  }

  @Test(arguments: printing) func anOutputThatCannotBeWrittenIsToldOnce(_ arguments: String) throws {
    let bench = try bench()
    let full = try status("distill \(arguments) > /dev/full", in: bench)
    #expect(full.status == "1")
    #expect(full.errors == "error: standard output cannot be written: No space left on device\n")
    let closed = try status("distill \(arguments) >&-", in: bench)
    #expect(closed.status == "1")
    #expect(closed.errors == "error: standard output cannot be written: Bad file descriptor\n")
    // And where the word about it cannot be written either.
    #expect(try status("distill \(arguments) > /dev/full 2> /dev/full", in: bench).status == "1")
  }

  @Test(arguments: printing) func aReaderMayStop(_ arguments: String) throws {
    let bench = try bench()
    let outcome = try bench.shell(
      """
      set +e
      mkfifo gone  # says that there is no reader any more
      stop() { exec <&-; echo > gone; }
      { read -r < gone; distill \(arguments); echo $? > status; } | stop
      { trap '' PIPE; read -r < gone; distill \(arguments); echo $? > ignoring; } | stop
      """)
    for file in ["status", "ignoring"] {
      #expect(String(decoding: try bench.data(file), as: UTF8.self) == "141\n")
    }
    #expect(outcome.errors.isEmpty, "\(outcome.errors)")
  }

  @Test func aLogThatCannotBeWrittenEndsNothing() throws {
    let bench = try bench()
    try bench.run()
    let weights = try bench.data("runs/tiny/student/model.safetensors")
    for redirection in ["2> /dev/full", "2>&-", "2> >(true)", "2>&- <&-"] {
      let line = "distill run pipeline.yaml --set training.epochs=1 --output other/run \(redirection) > report"
      #expect(try status(line, in: bench).status == "0", "\(redirection)")
      #expect(try bench.data("other/run/student/model.safetensors") == weights)
      #expect(String(decoding: try bench.data("report"), as: UTF8.self).contains("knowledge base"))
      try FileManager.default.removeItem(at: bench.url.appending(path: "other"))
      #expect(try status("distill run no.yaml \(redirection)", in: bench).status == "2", "\(redirection)")
    }
    // What is opened later does not take the place of a stream that is closed.
    let files = ["model.safetensors", "vocab.txt"].map { "runs/tiny/student/\($0)" }
    let before = try files.map(bench.data)
    let answers = try bench.distill("predict", "runs/tiny", "texts.txt").output
    #expect(try status("distill predict runs/tiny texts.txt <&- 2>&- > answers", in: bench).status == "0")
    #expect(String(decoding: try bench.data("answers"), as: UTF8.self) == answers)
    #expect(try status("distill predict runs/tiny texts.txt <&- >&- 2>&-", in: bench).status == "1")
    #expect(try files.map(bench.data) == before)
    let closed = try status("distill predict runs/tiny <&-", in: bench)
    #expect(closed.status == "2" && closed.errors.contains("standard input: cannot read it: Bad file descriptor"))
    let folder = try status("distill predict runs/tiny < teacher", in: bench)
    #expect(folder.status == "2" && folder.errors.contains("standard input: cannot read it: Is a directory"))
  }

  @Test(arguments: [12, 40, 200]) func progressStaysOnOneLineOfTheTerminal(columns: Int) throws {
    let bench = try bench()
    let outcome = try bench.shell(
      """
      export -f distill
      export SHELL=/bin/bash
      script -qec 'stty cols \(columns); distill embed teacher texts.txt --output x' /dev/null < /dev/null
      """)
    let drawn = outcome.output.components(separatedBy: "\r\u{1B}[J").dropFirst()
    #expect(drawn.contains { $0.hasPrefix("embed ") } && drawn.last == "", "\(outcome.output)")
    for line in drawn { #expect(line.count < columns && !line.contains("\n"), "\(line)") }
    #expect(drawn.contains { $0.contains("█") } == (columns > 12))
  }
}
