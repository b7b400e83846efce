import Foundation
import Testing

/// What a command said and how it ended.
struct Outcome {
  /// -1 for a process that a signal ended.
  let status: Int32
  let output: String
  let errors: String

  var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// Where the programs are built: beside the test bundle.
private let programs: URL = {
  let bundle = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
  return (bundle ?? URL(filePath: CommandLine.arguments[0])).deletingLastPathComponent()
}()

extension Workbench {
  /// A process of the command, or of another program of this package, in this folder, on two threads.
  func process(_ arguments: [String], of program: String = "distill", instructionSet: String? = nil) -> Process {
    let process = Process()
    process.executableURL = programs.appending(path: program)
    process.arguments = arguments
    process.currentDirectoryURL = url
    var environment = ProcessInfo.processInfo.environment
    environment["DISTILL_THREADS"] = "2"
    environment["SWIFT_BACKTRACE"] = "enable=no"
    if let instructionSet { environment["DISTILL_ISA"] = instructionSet }
    process.environment = environment
    return process
  }

  @discardableResult
  func distill(
    _ arguments: [String], input: String = "", instructionSet: String? = nil, environment: [String: String] = [:]
  ) throws -> Outcome {
    let process = process(arguments, instructionSet: instructionSet)
    process.environment?.merge(environment) { $1 }
    return try outcome(of: process, input: input)
  }

  /// Runs lines of shell, in which `distill` is the built command and `$program` its path, until one fails.
  func shell(_ lines: String) throws -> Outcome {
    let process = process([
      "-euc", "export program='\(programs.path)/distill'\ndistill() { \"$program\" \"$@\"; }\n\(lines)",
    ])
    process.executableURL = URL(filePath: "/bin/bash")
    return try outcome(of: process)
  }

  /// Runs a process to its end. Files take what it says, so that it never waits for a reader.
  func outcome(of process: Process, input: String = "") throws -> Outcome {
    let (input, names) = (Data(input.utf8), ["input", "output", "errors"].map { "\(UUID().uuidString).\($0)" })
    try input.write(to: url.appending(path: names[0]))
    for name in names.dropFirst() { try write("", to: name) }
    process.standardInput = try FileHandle(forReadingFrom: url.appending(path: names[0]))
    process.standardOutput = try FileHandle(forWritingTo: url.appending(path: names[1]))
    process.standardError = try FileHandle(forWritingTo: url.appending(path: names[2]))
    try process.run()
    process.waitUntilExit()
    let outcome = Outcome(
      status: process.terminationReason == .exit ? process.terminationStatus : -1,
      output: String(decoding: try data(names[1]), as: UTF8.self),
      errors: String(decoding: try data(names[2]), as: UTF8.self))
    for name in names { try FileManager.default.removeItem(at: url.appending(path: name)) }
    return outcome
  }

  @discardableResult
  func distill(_ arguments: String..., input: String = "") throws -> Outcome { try distill(arguments, input: input) }

  /// The workbench's pipeline, run into `runs/tiny`.
  func run() throws {
    let outcome = try distill("run", "pipeline.yaml", "--set", "training.epochs=1")
    try #require(outcome.status == 0, "\(outcome.errors)")
  }
}
