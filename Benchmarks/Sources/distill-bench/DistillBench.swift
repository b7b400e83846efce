import ArgumentParser
import DistillCore
import Foundation

@main
struct DistillBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distill-bench",
    abstract: "Measures swift-distill beside its rivals: the same batches, weights and threads, taken in turn.",
    discussion: """
      Every side is a process of its own and waits while another has its turn. A ratio is
      the rival's seconds over ours in one round; the table gives the median of the rounds
      and their range. The machine should have nothing else to do.
      """,
    subcommands: [Compare.self, Growth.self, Search.self, Embed.self, Serve.self, ServeSearch.self],
    defaultSubcommand: Compare.self
  )
}

/// Our side's process.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(shouldDisplay: false)
  @Argument var work: String
  @Argument var folder: String
  @Option var precision = Precision.float32

  func run() throws {
    guard let work = Case.Work(rawValue: work) else { throw ValidationError("no such work: \(work)") }
    try precision.check()
    try Compute.$precision.withValue(precision) { try Ours(work, folder: URL(filePath: folder)).serve() }
  }
}

extension Precision: @retroactive ExpressibleByArgument {}

func note(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
