import DistillTensor
import Foundation
import Synchronization
import Testing

extension TensorTests {
  static func step(threads: Int) throws -> [Tensor] {
    try Compute.$threads.withValue(threads) { try SmallEncoder().step(RandomKey(5)) }
  }

  @Test static func resultsDoNotDependOnTiming() throws {
    let first = try step(threads: 2).map(\.values)
    for _ in 0..<5 { #expect(try step(threads: 2).map(\.values) == first) }
  }

  /// The bits of every operation, of products of many shapes, and of training steps are the same on any number of threads.
  ///
  /// In a process of its own, because how many threads there are is decided once: here seven, whatever the machine has.
  @Test static func resultsDoNotDependOnThreads() async throws {
    let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
      setenv("DISTILL_THREADS", "7", 1)
      let differing = try ThreadCheck.differing(threads: [2, 3, 7])
      print(differing.isEmpty ? "nothing differs" : differing.joined(separator: "; "))
    }
    let told = try #require(result).standardOutputContent.prefix { $0 != UInt8(ascii: "\n") }
    #expect(String(decoding: told, as: UTF8.self) == "nothing differs")
  }

  /// Two loops at once share the memory pool; the thread pool serves whoever comes first, the other one works alone.
  @Test static func concurrentTasksDoNotDisturbEachOther() async throws {
    let expected = try step(threads: 2).map(\.values)
    try await withThrowingTaskGroup(of: [[Float]].self) { group in
      for _ in 0..<4 { group.addTask { try step(threads: 2).map(\.values) } }
      for try await result in group { #expect(result == expected) }
    }
  }

  /// A result is named by the BLAS that made it, so two threads that ask for its name must not disturb each other.
  @Test static func theBLASHasOneName() {
    let names = Mutex<Set<String>>([])
    DispatchQueue.concurrentPerform(iterations: 1000) { _ in
      let name = Compute.blas
      names.withLock { _ = $0.insert(name) }
    }
    #expect(names.withLock { $0.count } == 1)
  }

  /// On one thread, because with two the blocks in use at once depend on who is where when, and in a process of its own, because
  /// other tests take memory, too.
  @Test static func warmStepsTakeNoNewMemory() async {
    await #expect(processExitsWith: .success) {
      try Compute.$threads.withValue(1) {
        let encoder = try SmallEncoder()
        let optimiser = AdamW(encoder.store)
        func requests(_ steps: Range<Int>) -> Int {
          let before = Compute.systemRequests
          for step in steps {
            encoder.step(RandomKey(9).child(step))
            optimiser.update(learningRate: 1e-3)
          }
          return Compute.systemRequests - before
        }
        _ = requests(0..<2)
        precondition(requests(2..<12) == 0, "a warm step took memory")
        Compute.trimMemory()
        precondition(requests(12..<13) > 0, "the counter stands still")
      }
    }
  }
}
