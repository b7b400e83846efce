import DistillCore
import Foundation

/// What a side says after its turn.
struct Answer: Codable {
  /// Of each batch.
  var seconds: [Double]
  var losses: [Double]
  /// Bytes that the process has had at most.
  var peakMemory: Int
}

/// One contestant in a process of its own, which waits while another has its turn.
final class Side {
  let name: String
  private let process = Process()
  private let requests = Pipe(), answers = Pipe()
  private(set) var seconds: [[Double]] = []
  private(set) var losses: [Double] = []
  private(set) var peakMemory = 0

  init(_ name: String, command: [String], environment: [String: String]) throws {
    self.name = name
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    (process.standardInput, process.standardOutput) = (requests, answers)
    try process.run()
  }

  deinit {
    try? requests.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  func ask(_ request: String) throws -> Answer {
    try requests.fileHandleForWriting.write(contentsOf: Data("\(request)\n".utf8))
    var line = Data()
    while let byte = try answers.fileHandleForReading.read(upToCount: 1), byte != Data("\n".utf8) {
      if byte.isEmpty { break }
      line += byte
    }
    guard let answer = try? JSONDecoder().decode(Answer.self, from: line) else {
      throw ContractError("\(name) stopped; what it said is above")
    }
    return answer
  }

  /// Batches that do not count: compilers compile, caches fill.
  func warmUp(_ steps: Int) throws { losses += try ask("\(steps)").losses }

  func takeTurn(_ steps: Int) throws {
    let answer = try ask("\(steps)")
    seconds.append(answer.seconds)
    losses += answer.losses
    peakMemory = answer.peakMemory
  }
}

func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  return sorted.isEmpty ? .nan : (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}
