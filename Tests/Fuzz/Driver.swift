import Foundation

/// Keeps workers going, and notes which mutant ended one of them.
final class Driver {
  struct Settings {
    let work: URL, crashes: URL
    let mutants: UInt64, seed: UInt64, jobs: Int
    let deadline: Date
    let targets: [String]
  }
  /// What a mutant did that it must not.
  struct Finding {
    let number: UInt64, target: String, what: String
  }
  /// One process at a time, which tries every `jobs`th mutant.
  private struct Slot {
    let progress: Progress
    var process: Process
  }

  static let patience = 10.0
  private static let savedPerTarget = 20
  private let settings: Settings
  private let plan: Plan
  private var slots: [Slot] = []
  private(set) var findings: [Finding] = []

  init(_ settings: Settings, plan: Plan) throws {
    (self.settings, self.plan) = (settings, plan)
    try FileManager.default.createDirectory(at: settings.crashes, withIntermediateDirectories: true)
    for job in 0..<settings.jobs {
      let progress = try Progress(progressFile(job), targets: plan.targets.count)
      slots.append(Slot(progress: progress, process: try start(job, from: UInt64(job))))
    }
  }

  private func progressFile(_ job: Int) -> URL { settings.work.appending(path: "progress-\(job)") }

  private func start(_ job: Int, from first: UInt64, only: Bool = false, errors: FileHandle = .nullDevice) throws
    -> Process
  {
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments =
      [
        "work", "--folder", settings.work.path, "--name", only ? "only" : "\(job)", "--from", "\(first)", "--to",
        "\(only ? first + 1 : settings.mutants)", "--step", "\(settings.jobs)", "--seed", "\(settings.seed)",
      ] + settings.targets.flatMap { ["--target", $0] }
    process.environment = ProcessInfo.processInfo.environment.merging([
      "DISTILL_THREADS": "1", "SWIFT_BACKTRACE": only ? "enable=yes,color=no,interactive=no" : "enable=no",
    ]) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    return process
  }

  /// Goes on until all mutants are tried or the time is up.
  func drive() throws {
    var told = Date.now
    while slots.contains(where: { $0.process.isRunning }) || !isDone, Date.now < settings.deadline {
      Thread.sleep(forTimeInterval: 0.02)
      for job in slots.indices { try look(after: job) }
      if Date.now.timeIntervalSince(told) >= 10 {
        told = .now
        Console.note("\(done) mutants, \(findings.count) findings")
      }
    }
    for slot in slots where slot.process.isRunning { kill(slot.process.processIdentifier, SIGKILL) }
    for slot in slots { slot.process.waitUntilExit() }
  }

  var done: UInt64 { slots.map(\.progress.done).reduce(0, +) }
  private var isDone: Bool { slots.allSatisfy { !$0.process.isRunning && $0.process.terminationStatus == 0 } }

  private func look(after job: Int) throws {
    let (progress, process) = (slots[job].progress, slots[job].process)
    let (number, began) = (progress.number, progress.began)
    if process.isRunning {
      let seconds = began == 0 ? 0 : Double(Progress.now - min(began, Progress.now)) / 1e9
      let memory = Self.memory(of: process.processIdentifier)
      let what: String
      if seconds > Self.patience {
        what = "takes more than \(Int(Self.patience)) s"
      } else if memory > Worker.memoryLimit {
        what = "takes \(memory >> 20) MiB"
      } else {
        return
      }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      // It may just have gone on to the next one.
      if progress.number == number { try note(number, what) }
    } else if process.terminationReason == .uncaughtSignal {
      try note(number, "ends the process by signal \(process.terminationStatus)")
    } else {
      switch process.terminationStatus {
      case 0: return
      case Worker.Status.worn: break
      case Worker.Status.tooMuchMemory: try note(number, "takes more than 1 GiB")
      case let status: try note(number, "ends the process with status \(status)")
      }
    }
    progress.began = 0
    slots[job].process = try start(job, from: number + UInt64(settings.jobs))
  }

  private static func memory(of process: Int32) -> Int {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8) else { return 0 }
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * sysconf(Int32(_SC_PAGESIZE))
  }

  /// Saves the mutant, and what its trial says when it is alone.
  private func note(_ number: UInt64, _ what: String) throws {
    let (index, member, bytes) = plan.mutant(number)
    let target = plan.targets[index].name
    findings.append(Finding(number: number, target: target, what: what))
    Console.note("mutant \(number) of \(target) (\(member.path)) \(what)")
    guard findings.count(where: { $0.target == target }) <= Self.savedPerTarget else { return }
    let file = settings.crashes.appending(path: "\(target)-\(settings.seed)-\(number)")
    try Data(bytes).write(to: file)
    let log = file.appendingPathExtension("txt")
    try Data("mutant \(number) of \(member.path), seed \(settings.seed), \(what). Alone:\n".utf8).write(to: log)
    let errors = try FileHandle(forWritingTo: log)
    try errors.seekToEnd()
    let alone = try start(0, from: number, only: true, errors: errors)
    let until = Date.now + 4 * Self.patience
    while alone.isRunning, Date.now < until { Thread.sleep(forTimeInterval: 0.02) }
    if alone.isRunning { kill(alone.processIdentifier, SIGKILL) }
    alone.waitUntilExit()
    try errors.seekToEnd()
    try errors.write(contentsOf: Data("\nended with status \(alone.terminationStatus)\n".utf8))
  }

  /// Figures of each target.
  var table: String {
    let rows = plan.targets.indices.map { index -> [String] in
      let figures = slots.map { $0.progress[index] }
      let (taken, refused) = (figures.map(\.taken).reduce(0, +), figures.map(\.refused).reduce(0, +))
      let time = figures.map(\.nanoseconds).reduce(0, +) / max(1, taken + refused) / 1000
      return [plan.targets[index].name, "\(taken + refused)", "\(taken)", "\(refused)", "\(time)"]
    }
    let cells = [["target", "mutants", "taken", "refused", "µs each"]] + rows
    return cells.map { row in
      row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: max(0, (column == 0 ? 16 : 10) - cell.count))
        return column == 0 ? cell + padding : padding + cell
      }.joined()
    }.joined(separator: "\n")
  }
}

enum Console {
  static func note(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}
