import CDistillKernels
import Foundation
import Synchronization
import Testing

/// A pool for a test; the pointer is immutable and the C functions are made to be called from any thread.
private final class Pool: Sendable {
  private nonisolated(unsafe) let pool: OpaquePointer
  let threads: Int

  init(threads: Int) throws {
    pool = try #require(distill_pool_create(Int32(threads)))
    self.threads = Int(distill_pool_threads(pool))
  }

  deinit { distill_pool_destroy(pool) }

  func run(_ parts: Int, threads: Int = 1024, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { context in
        distill_pool_run(
          pool, Int32(threads), Int32(parts),
          { context, part in
            context.unsafelyUnwrapped.assumingMemoryBound(to: ((Int) -> Void).self).pointee(Int(part))
          }, UnsafeMutableRawPointer(mutating: context))
      }
    }
  }
}

/// A number of the calling thread; alive together, two threads never share it.
private func threadNumber() -> UInt { UInt(bitPattern: pthread_self().hashValue) }

/// Waits ten seconds at the most; whether it came true.
@discardableResult private func waitUntil(_ condition: () -> Bool) -> Bool {
  let deadline = ContinuousClock.now + .seconds(10)
  while !condition() {
    if ContinuousClock.now > deadline { return false }
    usleep(10)
  }
  return true
}

@Suite struct PoolTests {
  @Test func refusesNonsense() {
    #expect(distill_pool_create(0) == nil)
    #expect(distill_pool_create(-3) == nil)
  }

  @Test(arguments: [1, 2, 3, 8]) func runsEachPartOnce(threads: Int) throws {
    let pool = try Pool(threads: threads)
    #expect(pool.threads == threads)
    for parts in 0...40 {
      for limit in 1...threads {
        let runs = (0..<parts).map { _ in Counter() }
        let workers = Mutex<Set<UInt>>([])
        pool.run(parts, threads: limit) { part in
          runs[part].add(1)
          _ = workers.withLock { $0.insert(threadNumber()) }
        }
        #expect(runs.allSatisfy { $0.value == 1 })
        #expect(workers.withLock(\.count) <= min(limit, max(parts, 1)))
      }
    }
  }

  /// Parts that wait for each other are run at the same time; a share begins with consecutive parts.
  @Test(arguments: [2, 3, 8]) func threadsWorkTogether(threads: Int) throws {
    let pool = try Pool(threads: threads)
    let arrived = Counter()
    let first = Mutex<[Int]>([])
    pool.run(threads * 5) { part in
      guard arrived.value < threads else { return }
      first.withLock { $0.append(part) }
      arrived.add(1)
      waitUntil { arrived.value >= threads }
    }
    #expect(first.withLock { $0.sorted() } == (0..<threads).map { $0 * 5 })
  }

  /// A thread that is held up loses its parts to the others: a region does not wait for them.
  @Test(arguments: 0..<3) func partsAreTakenFromWhoeverIsHeldUp(thread: Int) throws {
    let pool = try Pool(threads: 3)
    let done = Counter()
    pool.run(30) { part in
      if part == thread * 10 { #expect(waitUntil { done.value == 29 }, "\(done.value) of 29 parts") }
      done.add(1)
    }
    #expect(done.value == 30)
  }

  @Test(arguments: [2, 4]) func manyQuickRegions(threads: Int) throws {
    let pool = try Pool(threads: threads)
    let regions = 100_000
    var sums = [Int](repeating: 0, count: threads * 16)  // a cache line each
    sums.withUnsafeMutableBufferPointer { sums in
      nonisolated(unsafe) let sums = sums
      for region in 0..<regions { pool.run(threads) { sums[$0 * 16] += region } }
    }
    let expected = regions * (regions - 1) / 2
    #expect((0..<threads).allSatisfy { sums[$0 * 16] == expected })
  }

  @Test func sleepersWakeUp() throws {
    let pool = try Pool(threads: 2)
    let count = Counter()
    for round in 0..<200 {
      // Around the time after which a worker stops spinning: caught spinning, falling asleep and asleep.
      usleep(UInt32(round))
      pool.run(2) { part in
        if part == round % 2 { usleep(UInt32(round)) }
        count.add(1)
      }
    }
    #expect(count.value == 400)
  }

  @Test func nestedRegionsRunOnTheirCaller() throws {
    let pool = try Pool(threads: 3)
    let count = Counter()
    let strangers = Counter()
    pool.run(6) { _ in
      let outer = threadNumber()
      var order: [Int] = []
      pool.run(5) { part in
        order.append(part)
        if threadNumber() != outer { strangers.add(1) }
        pool.run(2) { _ in count.add(1) }
      }
      if order != [0, 1, 2, 3, 4] { strangers.add(1) }
    }
    #expect(count.value == 6 * 5 * 2)
    #expect(strangers.value == 0)
  }

  @Test func concurrentCallers() async throws {
    let pool = try Pool(threads: 2)
    let total = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          let count = Counter()
          for _ in 0..<5000 { pool.run(3) { count.add($0 + 1) } }
          return count.value
        }
      }
      return await group.reduce(0, +)
    }
    #expect(total == 4 * 5000 * 6)
  }

  @Test func comesAndGoes() throws {
    for round in 0..<200 {
      let pool = try Pool(threads: 1 + round % 5)
      if round % 2 == 0 { pool.run(7) { _ in } }
    }
  }

  /// An idle pool takes no processor time: its workers sleep.
  @Test func idleCostsNothing() async throws {
    await #expect(processExitsWith: .success) {
      let pool = try Pool(threads: 4)
      pool.run(4) { _ in }
      usleep(500_000)  // on a loaded machine a worker may get to its last spin late
      let before = clock()
      usleep(500_000)
      // One worker that spins would take 0.5 s.
      exit(Double(clock() - before) / Double(CLOCKS_PER_SEC) < 0.15 ? 0 : 1)
    }
  }
}

/// A sum that any thread may add to.
private final class Counter: Sendable {
  private let sum = Atomic(0)
  func add(_ term: Int) { sum.wrappingAdd(term, ordering: .relaxed) }
  var value: Int { sum.load(ordering: .relaxed) }
}
