import DistillCore
import Foundation

/// A teacher that answers with the mean of its members' answers. Each member reads the texts with a tokenizer of its own.
struct EnsembleTeacher: Teacher {
  private let members: [any Teacher]
  /// What each member counts; their sum is 1.
  let weights: [Double]
  private let average: Ensemble.Average
  private let context: (task: TaskKind, maximumLength: Int)
  /// The number of texts that the weights were fitted to, or `nil` if they were given.
  private let fittedTo: Int?
  let card: ModelCard
  let tokenizer: any Tokenizer = NoTokenizer()

  init(
    _ members: [any Teacher], _ weights: [Double], _ average: Ensemble.Average, fittedTo: Int? = nil,
    in context: PipelineContext
  ) {
    self.init(members, weights, average, fittedTo, (context.task, context.maximumLength))
  }

  private init(
    _ members: [any Teacher], _ weights: [Double], _ average: Ensemble.Average, _ fittedTo: Int?,
    _ context: (TaskKind, Int)
  ) {
    (self.members, self.weights, self.average, self.fittedTo, self.context) =
      (members, weights, average, fittedTo, context)
    card = Ensemble.card(of: members.map(\.card))
  }

  var untrained: Set<Activation> {
    members.reduce(into: []) { $0.formUnion($1.untrained.intersection([.logits, .embedding])) }
  }

  func canAnswer(_ text: PlainText) -> Bool { members.allSatisfy { $0.canAnswer(text) } }

  var summary: String? {
    let parts = zip(weights, members).map { weight, member in
      "\(String(format: "%.3f", locale: Locale(identifier: "en_US_POSIX"), weight)) \(member.card.architecture)"
    }
    let own =
      "the teacher is a mean of \(parts.joined(separator: ", "))"
      + (fittedTo.map { ", weights that were fitted to \($0) held-out texts" } ?? "")
    return ([own] + members.compactMap(\.summary)).joined(separator: "; ")
  }

  // MARK: answers

  func respond(to batch: TokenBatch, with activations: Set<Activation>) throws -> Response {
    for activation in activations { try card.check(activation, of: "teacher") }
    let responses = try members.map { member in
      try self.response(
        of: member, to: batch, with: activations.filter { $0 != .embedding || member.card.hasEmbedding })
    }
    var response = Response()
    if activations.contains(.logits) { response.set(.logits, mean(try responses.map { try $0[.logits] })) }
    if activations.contains(.embedding) { response.set(.embedding, try embedding(responses)) }
    return response
  }

  private func response(
    of member: any Teacher, to batch: TokenBatch, with activations: Set<Activation>
  ) throws -> Response {
    guard let texts = batch.texts else {
      throw ContractError("the members of an ensemble read texts, and the batch has token ids alone")
    }
    let sequences = texts.map { member.tokenizer.encode($0.text, pair: $0.pair, maxLength: context.maximumLength) }
    return try member.respond(
      to: TokenBatch(sequences, examples: batch.examples, texts: texts), with: activations)
  }

  /// Returns the logits [B, C] of the mean of the members' logits [B, C] or of their probabilities.
  private func mean(_ logits: [Tensor]) -> Tensor {
    func mean(_ parts: [Tensor]) -> Tensor {
      zip(weights, parts).map { Float($0) * $1 }.reduce(Tensor(0), +)
    }
    if average == .logits || context.task == .regression { return mean(logits) }
    let isSigmoid = context.task.isMultilabel
    let p = mean(logits.map { isSigmoid ? sigmoid($0) : softmax($0) })
    let lowest = AnswerTable.impossible
    return Tensor(
      p.values.map { p in
        isSigmoid
          ? min(-lowest, max(lowest, log(p) - log(1 - p))) : max(lowest, log(p))
      }, p.shape)
  }

  /// Returns the members' embeddings side by side, each of length √w, where w are the weights of the members that have one, divided by
  /// their sum. The inner product of two such vectors is the weighted mean of the members' cosines.
  private func embedding(_ responses: [Response]) throws -> Tensor {
    let having = members.indices.filter { members[$0].card.hasEmbedding }
    let total = having.reduce(0) { $0 + weights[$1] }
    return concatenatedColumns(
      try having.map { index in
        let share = total > 0 ? weights[index] / total : 1 / Double(having.count)
        return try Float(share.squareRoot()) * responses[index][.embedding].l2Normalised()
      })
  }

  // MARK: weights

  /// Returns the ensemble with the weights that give its mean the smallest loss on labelled texts: the cross-entropy of the
  /// labels, or the squared error of scores. Both are convex in the weights.
  func fitted(to data: EncodedDataset) throws -> EnsembleTeacher {
    // The probabilities that each member gives to what is true, or its errors of scores.
    var items: [[Double]] = []
    for start in stride(from: 0, to: data.count, by: 64) {
      let batch = data.batch(start..<min(start + 64, data.count))
      let answers = try members.map { member in
        Matrix(try response(of: member, to: batch, with: [.logits])[.logits])
      }
      for (row, target) in batch.targets.enumerated() {
        let rows = answers.map { Tensor(Array($0.row(row)), [1, $0.columns]) }
        switch target {
        case .label(let label): items.append(rows.map { Double(softmax($0).values[label]) })
        case .labels(let labels):
          let own = rows.map { sigmoid($0).values }
          items += own[0].indices.map { label in
            own.map { Double(labels.contains(label) ? $0[label] : 1 - $0[label]) }
          }
        case .score(let score): items.append(rows.map { Double($0.values[0] - score) })
        case nil: throw ContractError("a held-out text has no label")
        }
      }
    }
    let weights =
      context.task == .regression ? Self.leastSquares(items) : Self.likeliest(items)
    return EnsembleTeacher(members, weights, average, data.count, (context.task, context.maximumLength))
  }

  /// Returns the weights that maximise the mean of ln Σ w_m·p_m over rows of probabilities.
  static func likeliest(_ items: [[Double]]) -> [Double] {
    simplexMinimum(items[0].count) { weights in
      var (loss, gradient) = (0.0, [Double](repeating: 0, count: weights.count))
      for item in items {
        let p = max(1e-30, zip(weights, item).reduce(0) { $0 + $1.0 * $1.1 })
        loss -= log(p)
        for index in item.indices { gradient[index] -= item[index] / p }
      }
      return (loss / Double(items.count), gradient.map { $0 / Double(items.count) })
    }
  }

  /// Returns the weights that minimise the mean of (Σ w_m·d_m)² over rows of errors.
  static func leastSquares(_ items: [[Double]]) -> [Double] {
    simplexMinimum(items[0].count) { weights in
      var (loss, gradient) = (0.0, [Double](repeating: 0, count: weights.count))
      for item in items {
        let error = zip(weights, item).reduce(0) { $0 + $1.0 * $1.1 }
        loss += error * error
        for index in item.indices { gradient[index] += 2 * error * item[index] }
      }
      return (loss / Double(items.count), gradient.map { $0 / Double(items.count) })
    }
  }

  // MARK: files

  private struct Record: Codable {
    let weights: [Double]
    let fittedTo: Int?
  }

  static func folder(of index: Int, in folder: URL) -> URL { folder.appending(path: "member-\(index + 1)") }
  private static func file(in folder: URL) -> URL { folder.appending(path: "ensemble.json") }

  func write(to folder: URL) throws {
    for (index, member) in members.enumerated() {
      let part = Self.folder(of: index, in: folder)
      try FileManager.default.createDirectory(at: part, withIntermediateDirectories: true)
      try member.write(to: part)
    }
    try AtomicFile.write(
      JSONEncoder().encode(Record(weights: weights, fittedTo: fittedTo)), to: Self.file(in: folder))
  }

  /// Reads the weights that ``write(to:)`` wrote.
  init(
    _ members: [any Teacher], _ average: Ensemble.Average, written folder: URL, in context: PipelineContext
  ) throws {
    let file = Self.file(in: folder)
    guard let record = try? JSONDecoder().decode(Record.self, from: Data(contentsOf: file)),
      record.weights.count == members.count, record.weights.allSatisfy({ $0 >= 0 }),
      abs(record.weights.reduce(0, +) - 1) < 1e-6
    else { throw FormatError(file: file, "holds no weights of \(members.count) members") }
    self.init(members, record.weights, average, fittedTo: record.fittedTo, in: context)
  }
}
