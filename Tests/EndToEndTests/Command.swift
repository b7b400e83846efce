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

/// The built command, beside the test bundle.
private let executable: URL = {
  let bundle = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
  let folder = (bundle ?? URL(filePath: CommandLine.arguments[0])).deletingLastPathComponent()
  return folder.appending(path: "distill")
}()

extension Workbench {
  /// A process of the command, in this folder, on one thread.
  func process(_ arguments: [String], instructionSet: String? = nil) -> Process {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = url
    var environment = ProcessInfo.processInfo.environment
    environment["DISTILL_THREADS"] = "1"
    environment["SWIFT_BACKTRACE"] = "enable=no"
    if let instructionSet { environment["DISTILL_ISA"] = instructionSet }
    process.environment = environment
    return process
  }

  /// Runs the command to its end. Files take what it says, so that it never waits for a reader.
  @discardableResult
  func distill(_ arguments: [String], input: String = "", instructionSet: String? = nil) throws -> Outcome {
    let process = process(arguments, instructionSet: instructionSet)
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
