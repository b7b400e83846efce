import DistillCore
import Foundation

/// Tries one mutant after the other, in a process that a trap may end.
struct Worker {
  /// How a worker ends that its driver has something to do about.
  enum Status {
    static let tooMuchMemory: Int32 = 70
    /// Memory that nobody asked back has piled up; another process goes on.
    static let worn: Int32 = 71
  }
  /// No mutant may take more.
  static let memoryLimit = 1 << 30
  private static let wornAt = 1 << 29

  let plan: Plan
  let progress: Progress

  func work(from first: UInt64, to end: UInt64, step: UInt64) throws {
    let driver = getppid()
    var number = first
    while number < end {
      progress.number = number
      attempt(number)
      progress.done += 1
      if Compute.peakMemory > Self.memoryLimit { exit(Status.tooMuchMemory) }
      if progress.done % 64 == 0 {
        if getppid() != driver { exit(1) }
        if Compute.peakMemory > Self.wornAt { exit(Status.worn) }
      }
      number += step
    }
  }

  private func attempt(_ number: UInt64) {
    let (index, member, bytes) = plan.mutant(number)
    let start = Progress.now
    progress.began = start
    var isTaken = true
    do { try plan.targets[index].feed(member, bytes) } catch {
      // Whoever meets the error prints it.
      _ = "\(error)"
      isTaken = false
    }
    progress.began = 0
    var figures = progress[index]
    figures.taken += isTaken ? 1 : 0
    figures.refused += isTaken ? 0 : 1
    figures.nanoseconds += Progress.now - start
    progress[index] = figures
  }
}
