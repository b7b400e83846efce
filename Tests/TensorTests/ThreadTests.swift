import DistillTensor
import Testing

extension TensorTests {
  static func step(threads: Int) -> [Tensor] {
    Compute.$threads.withValue(threads) { SmallEncoder().step(RandomKey(5)) }
  }

  @Test static func resultsDoNotDependOnTiming() {
    let first = step(threads: 2).map(\.values)
    for _ in 0..<5 { #expect(step(threads: 2).map(\.values) == first) }
  }

  @Test(arguments: [2, 3, 7])
  static func resultsHardlyDependOnThreads(threads: Int) {
    // Threads change only where sums over rows are cut (the norms' γ and β) and how BLAS tiles a product, a few roundings
    // (6e-8) of the largest terms.
    #expect(step(threads: threads).deviation(from: step(threads: 1)) < 1e-6)
  }

  /// Blocks are worked out whole, wherever: sums of them do not depend on the number of threads.
  @Test static func packedRowsDoNotDependOnThreads() throws {
    let offsets = [0, 40, 41, 100, 128]
    func run(threads: Int) -> [[Float]] {
      Compute.$threads.withValue(threads) {
        let teacher = Tensor(normal: [128, 48], standardDeviation: 1, key: RandomKey(1))
        let student = Tensor(normal: [128, 48], standardDeviation: 1, key: RandomKey(2)).variable()
        let loss = packedKLDivergence(
          selfRelations(teacher, heads: 4, offsets: offsets), selfRelations(student, heads: 4, offsets: offsets),
          offsets: offsets)
        loss.backward()
        return [loss.values, student.gradient?.values ?? []]
      }
    }
    let alone = run(threads: 1)
    #expect(alone[1].contains { $0 != 0 })
    for threads in [2, 3, 7] { #expect(run(threads: threads) == alone, "\(threads) threads") }
  }

  /// Two loops at once share the memory pool; the thread pool serves whoever comes first, the other one works alone.
  @Test static func concurrentTasksDoNotDisturbEachOther() async {
    let expected = step(threads: 2).map(\.values)
    await withTaskGroup(of: [[Float]].self) { group in
      for _ in 0..<4 { group.addTask { step(threads: 2).map(\.values) } }
      for await result in group { #expect(result == expected) }
    }
  }

  /// One thread, because with two the blocks in use at once depend on who is where when.
  @Test static func warmStepsTakeNoNewMemory() {
    Compute.$threads.withValue(1) {
      let encoder = SmallEncoder()
      let optimiser = AdamW(encoder.store)
      func train(_ steps: Range<Int>) {
        for step in steps {
          encoder.step(RandomKey(9).child(step))
          optimiser.update(learningRate: 1e-3)
        }
      }
      train(0..<2)
      let before = Compute.systemRequests
      train(2..<12)
      #expect(Compute.systemRequests == before)
      Compute.trimMemory()
      train(12..<13)
      #expect(Compute.systemRequests > before)  // the counter can move
    }
  }
}
