import DistillTensor
import Foundation
import Testing

@Suite struct MemoryTests {
  /// Takes blocks of these sizes, and gives them all back.
  private func use(_ pool: StoragePool, _ counts: [Int]) {
    for (pointer, capacity) in counts.map(pool.take) { pool.give(pointer, capacity) }
  }

  @Test func whatIsNotNeededGoesBack() {
    let pool = StoragePool(epoch: 100, poisons: false)
    use(pool, [1 << 20, 1 << 20, 1 << 16])
    let before = pool.idleBytes
    #expect(before == (2 << 22) + (1 << 18))
    for _ in 0..<300 { use(pool, [1 << 20]) }  // one of the large ones is needed
    #expect(pool.idleBytes == 1 << 22)
    #expect(pool.systemRequests == 3)
  }

  @Test func whatIsNeededStays() {
    let pool = StoragePool(epoch: 100, poisons: false)
    let step = (1...40).map { $0 * 1000 }
    use(pool, step)
    let before = pool.systemRequests
    for _ in 0..<50 { use(pool, step) }
    #expect(pool.systemRequests == before)
  }

  /// Ever other sizes leave no more behind than twice what was in use at once.
  @Test func idleMemoryIsBounded() {
    let pool = StoragePool(epoch: 1 << 18, poisons: false)
    for power in 10...20 { for eighth in 8..<16 { use(pool, [(1 << power) / 8 * eighth, 64]) } }
    #expect(pool.idleBytes <= 2 * (1 << 20) * 15 / 8 * 4 + 1024)
    #expect(pool.idleBytes > 0)
    pool.trim()
    #expect(pool.idleBytes == 0)
  }

  @Test func poisonFillsWhatIsTakenAndGivenBack() {
    let pool = StoragePool(poisons: true)
    let (fresh, capacity) = pool.take(100)
    #expect(!(0..<capacity).contains { !fresh[$0].isNaN })
    fresh.update(repeating: 1, count: capacity)
    pool.give(fresh, capacity)
    let (again, _) = pool.take(100)
    #expect(again == fresh && again[0].isNaN && again[99].isNaN)
    pool.give(again, capacity)
  }

  @Test func manyThreadsTakeAndGive() async {
    let pool = StoragePool(epoch: 1000, poisons: false)
    await withTaskGroup(of: Bool.self) { group in
      for task in 0..<4 {
        group.addTask {
          (0..<5000).allSatisfy { round in
            let (pointer, capacity) = pool.take(64 * (1 + round % 50))
            pointer.update(repeating: Float(task), count: capacity)
            defer { pool.give(pointer, capacity) }
            return pointer[0] == Float(task) && pointer[capacity - 1] == Float(task)
          }
        }
      }
      for await whole in group { #expect(whole) }
    }
  }

  @Test func parametersBeyondMemoryAreRefused() throws {
    for (extents, count) in [
      ([1 << 24, 1 << 20], "17592186044416"), ([1 << 40, 1 << 40, 4], "4835703278458516698824704"),
    ] {
      let error = #expect(throws: ComputeError.self) {
        try ParameterStore([.init("w", Shape(extents), decays: true)])
      }
      #expect(error?.description.hasPrefix("\(count) parameters take ") == true, "\(error?.description ?? "")")
      #expect(error?.description.contains("GiB") == true)
    }
  }

  /// In a process of its own, because other tests take memory, too.
  @Test func whatIsRefusedTakesNoMemory() async {
    await #expect(processExitsWith: .success) {
      let before = Compute.systemRequests
      _ = try? ParameterStore([.init("w", [1 << 24, 1 << 20], decays: true)])
      exit(Compute.systemRequests == before ? 0 : 1)
    }
  }

  /// What an operation cannot have ends the process with status 1 and a message, not with a signal.
  @Test func anOperationWithoutMemoryEndsTheProcess() async throws {
    let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
      _ = Tensor(repeating: 0, [1 << 23, 1 << 23])  // 2⁴⁸ bytes, more than a process can address
    }
    let told = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(told.hasPrefix("error: out of memory: an operation needs 268435456 MiB; a smaller batch_size"), "\(told)")
  }
}
