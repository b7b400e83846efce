import DistillPipeline
import DistillCore
import Dispatch
import Synchronization

/// Packs what is asked at the same time into batches.
///
/// There is no timer. A batch begins as soon as the one before it is done, with whatever has been asked meanwhile, end to end and without
/// padding, up to a number of tokens. An idle server therefore answers a single text at once, and a busy one fills its batches. A request
/// of many texts can be spread over several batches, and is answered when the last of them is done.
final class BatchQueue: Sendable {
  enum Question: Sendable { case prediction, embedding }

  enum Answer: Sendable {
    case prediction(Prediction)
    case embedding([Float])
  }

  private struct Job {
    let id: Int
    let run: OpenedRun
    let question: Question
    let sequences: [TokenSequence]
    let deadline: ContinuousClock.Instant
    let isGone: @Sendable () -> Bool
    let continuation: CheckedContinuation<[Answer], any Error>
    /// The number of sequences that are in a batch or answered.
    var taken = 0
    var answers: [Answer] = []
  }

  private struct State {
    var jobs: [Job] = []
    var nextID = 0
    var isWorking = false
    /// The time of a token in the last batches, in seconds.
    var secondsPerToken = 0.0001
    var waitingTexts: Int { jobs.reduce(0) { $0 + $1.sequences.count - $1.answers.count } }
    var waitingTokens: Int { jobs.reduce(0) { $0 + $1.sequences.dropFirst($1.taken).reduce(0) { $0 + $1.ids.count } } }
  }

  /// Sequences of one job that are in a batch.
  private struct Share {
    let job: Int
    let sequences: ArraySlice<TokenSequence>
  }

  private let state = Mutex(State())
  private let worker = DispatchQueue(label: "distill.batches", qos: .userInitiated)
  private let options: ServerOptions
  private let metrics: ServerMetrics

  init(_ options: ServerOptions, metrics: ServerMetrics) { (self.options, self.metrics) = (options, metrics) }

  /// The number of texts that wait for an answer.
  var waitingTexts: Int { state.withLock { $0.waitingTexts } }

  /// Returns the answers to texts, in their order.
  ///
  /// - Throws: ``APIError`` with 429 if too many wait already, and with 503 or 504 if the time is over. `CancellationError` if the client
  ///   has gone.
  func answers(
    _ question: Question, to sequences: [TokenSequence], by run: OpenedRun,
    unless isGone: @escaping @Sendable () -> Bool
  ) async throws -> [Answer] {
    if sequences.isEmpty { return [] }
    let deadline = ContinuousClock.now + .seconds(options.timeout)
    return try await withCheckedThrowingContinuation { continuation in
      if state.withLock({ refusal(of: sequences.count, in: $0) }) != nil { dropGone() }
      let (reason, mustBegin) = state.withLock { state -> (APIError?, Bool) in
        if let reason = refusal(of: sequences.count, in: state) { return (reason, false) }
        state.nextID += 1
        state.jobs.append(
          Job(
            id: state.nextID, run: run, question: question, sequences: sequences, deadline: deadline,
            isGone: isGone, continuation: continuation))
        defer { state.isWorking = true }
        return (nil, !state.isWorking)
      }
      if let reason { continuation.resume(throwing: reason) }
      if mustBegin { worker.async { self.work() } }
    }
  }

  /// Returns why no more texts can wait, or `nil` if they can. What is larger than the queue is let in when nothing waits, or it would
  /// never be answered.
  private func refusal(of texts: Int, in state: State) -> APIError? {
    guard !state.jobs.isEmpty, state.waitingTexts + texts > options.maximumQueue else { return nil }
    let seconds = max(1, Int((Double(state.waitingTokens) * state.secondsPerToken).rounded(.up)))
    return .busy(
      "\(state.waitingTexts) texts wait already, and at most \(options.maximumQueue) may; ask again in \(seconds) s, or start the "
        + "server with a larger --max-queue", retryAfter: seconds, status: .tooManyRequests)
  }

  /// Takes out what nobody waits for any more. Otherwise clients that ask and leave could keep everybody else out.
  private func dropGone() {
    let gone = state.withLock { state in
      let gone = state.jobs.filter { $0.isGone() }
      if !gone.isEmpty { state.jobs.removeAll { job in gone.contains { $0.id == job.id } } }
      return gone
    }
    for job in gone { job.continuation.resume(throwing: CancellationError()) }
  }

  /// Calculates batches until nothing waits.
  private func work() {
    while let (run, question, shares) = nextBatch() {
      let sequences = shares.flatMap(\.sequences)
      let tokens = sequences.reduce(0) { $0 + $1.ids.count }
      let start = ContinuousClock.now
      let result = Result {
        try Compute.$threads.withValue(options.threads) { try Self.answers(question, to: sequences, by: run) }
      }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      metrics.batch(texts: sequences.count, tokens: tokens, seconds: seconds, run: run.name)
      finish(shares, with: result, secondsPerToken: seconds / Double(max(tokens, 1)))
    }
  }

  private static func answers(
    _ question: Question, to sequences: [TokenSequence], by run: OpenedRun
  ) throws -> [Answer] {
    switch question {
    case .prediction: return try run.finished.predict(sequences).map { .prediction($0) }
    case .embedding:
      let rows = try run.finished.embeddings(sequences)
      return (0..<rows.rows).map { .embedding(Array(rows.row($0))) }
    }
  }

  /// Takes the next batch: what waits longest, and whatever else asks the same of the same run. Requests whose time is over are refused.
  ///
  /// - Returns: `nil` if nothing waits. The next request then starts the work anew.
  private func nextBatch() -> (run: OpenedRun, question: Question, shares: [Share])? {
    dropGone()
    let (late, batch) = state.withLock { state in
      let now = ContinuousClock.now
      let late = state.jobs.filter { $0.deadline <= now }
      state.jobs.removeAll { $0.deadline <= now }
      guard let first = state.jobs.first else {
        state.isWorking = false
        return (late, (OpenedRun, Question, [Share])?.none)
      }
      var (shares, tokens) = ([Share](), 0)
      for index in state.jobs.indices {
        let job = state.jobs[index]
        guard job.run === first.run, job.question == first.question else { continue }
        var end = job.taken
        while end < job.sequences.count, tokens == 0 || tokens + job.sequences[end].ids.count <= options.batchTokens {
          tokens += job.sequences[end].ids.count
          end += 1
        }
        if end > job.taken { shares.append(Share(job: job.id, sequences: job.sequences[job.taken..<end])) }
        state.jobs[index].taken = end
        if end < job.sequences.count { break }
      }
      return (late, (first.run, first.question, shares))
    }
    for job in late {
      let time = "the time of \(options.timeout.formatted()) s is over"
      // A request that was begun may be too large for the time; one that was not came at a bad time.
      job.continuation.resume(
        throwing: job.taken > 0
          ? APIError(
            .gatewayTimeout, "\(time); ask for fewer texts at once, or start the server with a larger --timeout")
          : APIError.busy("\(time), because others were first; ask again", retryAfter: 1, status: .serviceUnavailable))
    }
    return batch
  }

  private func finish(_ shares: [Share], with result: Result<[Answer], any Error>, secondsPerToken: Double) {
    let done = state.withLock { state in
      state.secondsPerToken = 0.8 * state.secondsPerToken + 0.2 * secondsPerToken
      var rest = (try? result.get())?[...]
      var done: [Job] = []
      for share in shares {
        let own = rest?.prefix(share.sequences.count)
        rest = rest?.dropFirst(share.sequences.count)
        // A job whose client has left during the batch is no longer here.
        guard let index = state.jobs.firstIndex(where: { $0.id == share.job }) else { continue }
        state.jobs[index].answers += own ?? []
        if own == nil || state.jobs[index].answers.count == state.jobs[index].sequences.count {
          done.append(state.jobs.remove(at: index))
        }
      }
      return done
    }
    for job in done { job.continuation.resume(with: result.map { _ in job.answers }) }
  }
}
