import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

@main struct Fuzz: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "Scripts/fuzz",
    abstract: "Feed mutants of every format that we read to the code that reads them.",
    discussion: """
      Each mutant must be taken or refused by an error: no trap, at most 10 seconds, at most 1 GiB. A mutant is a function of the \
      seed and its number; one that fails is saved with what its trial says when it is alone.
      """,
    subcommands: [Drive.self, Work.self], defaultSubcommand: Drive.self)

  fileprivate static func plan(
    _ corpus: Corpus, bench: URL, seed: UInt64, targets: [String], registry: PluginRegistry
  ) throws -> Plan {
    let all = try Bench(corpus, bench, registry: registry).targets()
    if let unknown = targets.first(where: { name in !all.contains { $0.name == name } }) {
      throw ValidationError("there is no target \(unknown); there are \(all.map(\.name).joined(separator: ", "))")
    }
    return Plan(all.filter { targets.isEmpty || targets.contains($0.name) }, seed: seed)
  }

  fileprivate static func registry() throws -> PluginRegistry {
    try PluginRegistry(CompiledPlugins.all, kinds: PluginKind.pipeline)
  }
}

struct Drive: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "drive", abstract: "Try mutants; the default.")

  @Option(help: "How many mutants. Default: 1,000,000, or as many as the minutes allow.") var mutants: UInt64?
  @Option(help: "Another seed, other mutants.") var seed: UInt64 = 1
  @Option(help: "Most minutes.") var minutes: Double?
  @Option(help: "Processes at a time.") var jobs = 2
  @Option(name: .customLong("target"), help: "Only this target; may be given again.") var targets: [String] = []
  @Option(help: "Where mutants go that fail.") var crashes = ".build-fuzz/crashes"
  @Option(help: "Only the mutant of this number, in this process.") var only: UInt64?
  @Flag(help: "The part for CI: as many as a minute allows.") var slice = false

  func run() throws {
    let registry = try Fuzz.registry()
    // In memory where that can be: every mutant is written to a file.
    let memory = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    let work = URL(filePath: memory).appending(path: "distill-fuzz-\(getpid())")
    defer { try? FileManager.default.removeItem(at: work) }
    let corpus = try Corpus.make(
      work.appending(path: "corpus"), repository: URL(filePath: FileManager.default.currentDirectoryPath),
      registry: registry)
    let plan = try Fuzz.plan(
      corpus, bench: work.appending(path: "bench"), seed: seed, targets: targets, registry: registry)
    if let only {
      let (index, member, bytes) = plan.mutant(only)
      Console.note("mutant \(only) of \(member.path), \(bytes.count) bytes")
      do { try plan.targets[index].feed(member, bytes) } catch { return Console.note("refused: \(error)") }
      return Console.note("taken")
    }
    for target in plan.targets {
      let problems = target.members.compactMap { member in
        Result { try target.feed(member, member.bytes) }.failure.map { "\(member.path): \($0)" }
      }
      // A reader that refuses what is whole would be tried in its first lines only.
      if problems.count == target.members.count { throw FuzzError("\(target.name) refuses whole files: \(problems)") }
    }
    let (count, time) = slice ? (nil, 0.9) : (mutants, minutes)
    let driver = try Driver(
      Driver.Settings(
        work: work, crashes: URL(filePath: crashes), mutants: count ?? (time == nil ? 1_000_000 : 1 << 40), seed: seed,
        jobs: jobs,
        deadline: time.map { .now + 60 * $0 } ?? .distantFuture, targets: targets), plan: plan)
    try driver.drive()
    print(driver.table)
    print("\(driver.done) mutants, \(driver.findings.count) findings")
    for finding in driver.findings { print("mutant \(finding.number) of \(finding.target) \(finding.what)") }
    if !driver.findings.isEmpty {
      let again = ["--seed \(seed)"] + targets.map { "--target \($0)" }
      print("they are in \(crashes); `Scripts/fuzz \(again.joined(separator: " ")) --only NUMBER` tries one again")
      throw ExitCode(1)
    }
  }
}

/// What a driver starts.
struct Work: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "work", shouldDisplay: false)

  @Option var folder: String
  @Option var name: String
  @Option var from: UInt64
  @Option var to: UInt64
  @Option var step: UInt64
  @Option var seed: UInt64
  @Option(name: .customLong("target")) var targets: [String] = []

  func run() throws {
    let work = URL(filePath: folder)
    let plan = try Fuzz.plan(
      Corpus(work.appending(path: "corpus")), bench: work.appending(path: "bench-\(name)"), seed: seed,
      targets: targets, registry: Fuzz.registry())
    let progress = try Progress(work.appending(path: "progress-\(name)"), targets: plan.targets.count)
    try Worker(plan: plan, progress: progress).work(from: from, to: to, step: step)
  }
}

extension Result {
  fileprivate var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
