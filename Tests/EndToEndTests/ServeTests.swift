import Foundation
import Testing

/// `distill serve`, which starts another program. That program's own tests are in its package.
@Suite struct ServeTests {
  /// A folder with a copy of the command, and perhaps a program that says what it was given.
  private func outcome(hasServer: Bool) throws -> Outcome {
    let bench = try Workbench()
    let own = bench.process([]).executableURL
    try FileManager.default.copyItem(at: #require(own), to: bench.url.appending(path: "distill"))
    if hasServer {
      try bench.write("#!/bin/sh\nprintf '%s,' \"$@\"\nexit 7\n", to: "distill-serve")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: bench.path("distill-serve"))
    }
    let process = bench.process(["serve", "runs/a b", "--port", "0", "--help"])
    process.executableURL = bench.url.appending(path: "distill")
    process.environment?["PATH"] = "/nowhere"
    return try bench.outcome(of: process)
  }

  @Test func theProgramBesideTakesEveryArgument() throws {
    let outcome = try outcome(hasServer: true)
    #expect(outcome.output == "runs/a b,--port,0,--help,", "\(outcome.errors)")
    #expect(outcome.status == 7)
  }

  @Test func withoutItTheCommandSaysHowToBuildIt() throws {
    let outcome = try outcome(hasServer: false)
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("swift build -c release --package-path Server"), "\(outcome.errors)")
  }
}
