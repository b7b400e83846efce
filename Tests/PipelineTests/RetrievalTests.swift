import DistillCore
import DistillExactSearch
import DistillPipeline
import Foundation
import Testing

struct RetrievalTests {
  /// 20 vectors of length 1 in 5 dimensions with probabilities of 3 classes.
  private func knowledge() -> KnowledgeBase {
    let embeddings = Tensor(normal: [20, 5], standardDeviation: 1, key: RandomKey(1)).l2Normalised()
    let labels = softmax(Tensor(normal: [20, 3], standardDeviation: 1, key: RandomKey(2)))
    return KnowledgeBase(embeddings: Matrix(embeddings), softLabels: Matrix(labels), rows: Array(100..<120))
  }

  private func augmentation(_ knowledge: KnowledgeBase, _ mixing: Mixing) throws -> RetrievalAugmentation {
    RetrievalAugmentation(
      knowledge, retriever: try ExactSearch().makeRetriever(knowledge.embeddings), mixing: mixing)
  }

  /// y' = β·y + (1 − β)·Σ softmax(sim/τ)·ȳ over the K largest inner products, all in double precision.
  private func direct(_ knowledge: KnowledgeBase, _ query: [Float], _ own: [Float], _ mixing: Mixing) -> [Double] {
    let length = query.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    let similarities = (0..<knowledge.count).map { row in
      zip(knowledge.embeddings.row(row), query).reduce(0) { $0 + Double($1.0) * Double($1.1) } / length
    }
    let best = similarities.indices.sorted { similarities[$0] > similarities[$1] }.prefix(mixing.neighbours)
    func label(_ row: Int) -> Int { Matrix(knowledge.softLabels.gathered([row]).tensor).tensor.rowArgmax()[0] }
    let weights = best.map { row in
      let size = (0..<knowledge.count).count { label($0) == label(row) }
      return exp((similarities[row] - similarities[best[0]]) / Double(mixing.temperature))
        / (mixing.isAdaptive ? Double(min(size, mixing.neighbours)) : 1)
    }
    let total = weights.reduce(0, +)
    return own.indices.map { column in
      let average = zip(best, weights).reduce(0) {
        $0 + $1.1 / total * Double(knowledge.softLabels.values[$1.0 * own.count + column])
      }
      return Double(mixing.beta) * Double(own[column]) + Double(1 - mixing.beta) * average
    }
  }

  @Test(arguments: [
    Mixing(neighbours: 1, beta: 0.5, temperature: 0.1), Mixing(neighbours: 4, beta: 0.3, temperature: 0.1),
    Mixing(neighbours: 4, beta: 0.3, temperature: 0.1, isAdaptive: false),
    Mixing(neighbours: 20, beta: 0.2, temperature: 0.5, isAdaptive: false),
    Mixing(neighbours: 8, beta: 0.7, temperature: 1), Mixing(neighbours: 20, beta: 0.5, temperature: 0.05),
    Mixing(neighbours: 500, beta: 0.5, temperature: 0.2), Mixing(neighbours: 3, beta: 1, temperature: 0.1),
    Mixing(neighbours: 3, beta: 0, temperature: 0.1), Mixing(neighbours: 20, beta: 0.5, temperature: 1e-4),
  ]) func answersAreMixedByTheFormula(_ mixing: Mixing) throws {
    let knowledge = knowledge()
    let augmentation = try augmentation(knowledge, mixing)
    let queries = Tensor(normal: [6, 5], standardDeviation: 3, key: RandomKey(3))
    let own = Matrix(softmax(Tensor(normal: [6, 3], standardDeviation: 1, key: RandomKey(4))))
    let found = try augmentation.neighbours(of: queries)
    let answers = augmentation.answers(student: own, neighbours: found)
    for row in 0..<6 {
      #expect(found[row].count == min(mixing.neighbours, 20))
      let (retrieved, mixed) = (Array(answers.retrieved.row(row)), Array(answers.mixed.row(row)))
      let expected = direct(knowledge, Array(Matrix(queries).row(row)), Array(own.row(row)), mixing)
      // A similarity is off by some 1e-7, a weight so by 1e-7/τ of itself.
      for (a, b) in zip(mixed, expected) { #expect(abs(Double(a) - b) < 1e-6 + 5e-7 / Double(mixing.temperature)) }
      #expect(abs(mixed.reduce(0, +) - 1) < 1e-5)
      if mixing.beta == 1 { #expect(mixed == Array(own.row(row))) }
      if mixing.beta == 0 { #expect(mixed == retrieved) }
    }
  }

  @Test func oneNodeForEveryDistinctEmbedding() throws {
    let base = KnowledgeBase(
      embeddings: Matrix(rows: 5, columns: 2, values: [1, 0, 0, 1, 1, 0, 0.6, 0.8, 1, 0]),
      softLabels: Matrix(rows: 5, columns: 2, values: [0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.5, 0.5, 0.3, 0.7]),
      rows: [4, 7, 9, 11, 12])
    #expect(base.count == 3)
    #expect(base.embeddings.values == [1, 0, 0, 1, 0.6, 0.8])
    #expect(base.rows == [4, 7, 11])
    for (a, b) in zip(base.softLabels.values, [0.6, 0.4, 0.2, 0.8, 0.5, 0.5] as [Float]) { #expect(abs(a - b) < 1e-6) }
  }

  /// A label of which the student has never heard is the neighbours' business alone.
  @Test func theStudentHasNoSayAboutLabelsThatItDoesNotKnow() throws {
    let base = KnowledgeBase(
      embeddings: Matrix(rows: 3, columns: 2, values: [1, 0, 0.6, 0.8, 0, 1]),
      softLabels: Matrix(rows: 3, columns: 3, values: [1, 0, 0, 0, 0, 1, 0, 1, 0]), rows: [0, 1, 2])
    let augmentation = try augmentation(base, Mixing(neighbours: 3, beta: 0.75, temperature: 0.5))
    let own = Matrix(rows: 1, columns: 2, values: [0.9, 0.1])
    let found = try augmentation.neighbours(of: Tensor([0.8, 0.6], [1, 2]))
    let (retrieved, mixed) = augmentation.answers(student: own, neighbours: found)
    let r = retrieved.values
    #expect(r.count == 3 && r[2] > 0.3 && abs(r.reduce(0, +) - 1) < 1e-6)
    let expected = [(1 - r[2]) * 0.75 * 0.9 + 0.25 * r[0], (1 - r[2]) * 0.75 * 0.1 + 0.25 * r[1], r[2]]
    #expect(zip(mixed.values, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(abs(mixed.values.reduce(0, +) - 1) < 1e-6)
  }

  /// Far from all keys, or between two classes: larger for what is newer. A key of the same class is no rival.
  @Test func noveltyAsksTheNearestAndItsRival() throws {
    let base = KnowledgeBase(
      embeddings: Matrix(rows: 4, columns: 2, values: [1, 0, 0.8, 0.6, 0, 1, -1, 0]),
      softLabels: Matrix(rows: 4, columns: 2, values: [1, 0, 1, 0, 0, 1, 0, 0]), rows: [0, 1, 2, -1])
    let augmentation = try augmentation(base, Mixing())
    let found = try augmentation.neighbours(of: Tensor([0.96, 0.28], [1, 2]), count: 3)[0]
    #expect(found.map(\.row) == [0, 1, 2])
    #expect(abs(augmentation.novelty(found) - (0.04 + (1 - (0.96 - 0.28)) / 2)) < 1e-6)
    #expect(abs(augmentation.novelty(Array(found.prefix(2))) - (0.04 + (1 - (0.96 - 0.936)) / 2)) < 1e-6)
    #expect(augmentation.novelty([]) == 2.5)
  }

  /// A removed entry keeps its node, which may not be found; an entry of the same embedding that is left keeps it alive.
  @Test func removedEntriesAreNotFound() throws {
    let base = KnowledgeBase(
      embeddings: Matrix(rows: 4, columns: 2, values: [1, 0, 0, 1, 1, 0, 0.6, 0.8]),
      softLabels: Matrix(rows: 4, columns: 2, values: [0, 0, 0, 1, 1, 0, 0, 0]), rows: [-1, 7, 8, -1])
    #expect(base.rows == [8, 7, -1] && base.mayBeFound == [true, true, false] && base.count == 2)
    #expect(Array(base.softLabels.row(0)) == [1, 0])
    let found = try augmentation(base, Mixing()).neighbours(of: Tensor([0.6, 0.8], [1, 2]))[0]
    #expect(found.map(\.row) == [1, 0])
  }

  /// With ten labels there are rehearsals, in which every fifth label is hidden from the student and has five keys.
  @Test func settingsAreChosenForHiddenLabelsToo() throws {
    let (labels, copies, mixing) = (10, 7, Mixing(neighbours: 20, beta: 0.5, temperature: 0.2))
    let keys = Tensor(normal: [labels * copies, 6], standardDeviation: 1, key: RandomKey(1)).l2Normalised()
    let gold = (0..<labels * copies).flatMap { row in (0..<labels).map { Float($0 == row % labels ? 1 : 0) } }
    let base = KnowledgeBase(
      embeddings: Matrix(keys), softLabels: Matrix(rows: labels * copies, columns: labels, values: gold),
      rows: Array(0..<labels * copies))
    let queries = Tensor(normal: [12, 6], standardDeviation: 1, key: RandomKey(2)).l2Normalised()
    let own = softmax(Tensor(normal: [12, labels], standardDeviation: 1, key: RandomKey(3)))
    var grid = MixingGrid()
    (grid.neighbours, grid.beta, grid.temperature) = ([20], [0.5], [0.2])
    let task = try TaskDefinition.generic(
      RowLayout(.tsv, text: "text", target: "label"), labels: (0..<labels).map { "l\($0)" })
    let trial = try #require(
      augmentation(base, mixing).trials(
        grid, embeddings: queries, outputs: own,
        data: EncodedDataset(
          sequences: Array(repeating: TokenSequence(ids: [1], typeIDs: [0]), count: 12),
          targets: (0..<12).map { .label($0 % labels) }), task: task
      ).first)

    func loss(hiding hidden: Set<Int>) -> Double {
      let kept = (0..<labels * copies).filter { !hidden.contains($0 % labels) || $0 / labels < 5 }
      let (q, y) = (Matrix(queries), Matrix(own))
      return (0..<12).reduce(0) { sum, row in
        let near = kept.map { key in
          (key % labels, zip(q.row(row), base.embeddings.row(key)).reduce(0) { $0 + Double($1.0) * Double($1.1) })
        }.sorted { $0.1 > $1.1 }.prefix(20)
        var r = [Double](repeating: 0, count: labels)
        for (label, similarity) in near {
          r[label] += exp(similarity / 0.2) / Double(hidden.contains(label) ? 5 : copies)
        }
        let total = r.reduce(0, +)
        r = r.map { $0 / total }
        let target = row % labels
        let m = hidden.reduce(0) { $0 + r[$1] }
        let left = (0..<labels).reduce(0.0) { hidden.contains($1) ? $0 : $0 + Double(y.values[row * labels + $1]) }
        let own = Double(y.values[row * labels + target]) / left
        let answer = hidden.contains(target) ? r[target] : (1 - m) * 0.5 * own + 0.5 * r[target]
        return sum - log(max(answer, 1e-12)) / 12
      }
    }
    let rehearsed = (0..<5).reduce(0) { $0 + loss(hiding: [$1, $1 + 5]) / 5 }
    #expect(abs(trial.loss - loss(hiding: [])) < 1e-5)
    #expect(abs((trial.rehearsalLoss ?? 0) - rehearsed) < 1e-5)
  }

  @Test func isReadAsItWasWritten() throws {
    let bench = try Workbench()
    let knowledge = knowledge()
    try knowledge.writeAsOneFile(to: bench.url)
    let read = try KnowledgeBase(folder: bench.url)
    #expect(read.embeddings == knowledge.embeddings && read.softLabels == knowledge.softLabels)
    #expect(read.rows == knowledge.rows)
  }

  @Test func brokenFilesAreRefused() throws {
    let bench = try Workbench()
    #expect(throws: FormatError.self) { try KnowledgeBase(folder: bench.url) }
    let name = "knowledge.safetensors"
    try knowledge().writeAsOneFile(to: bench.url)
    let whole = try bench.data(name)
    for length in [0, 7, 60, whole.count / 2, whole.count - 1] {
      try whole.prefix(length).write(to: bench.url.appending(path: name))
      #expect(throws: FormatError.self, "\(length) bytes") { try KnowledgeBase(folder: bench.url) }
    }
    for missing in ["embeddings", "soft_labels", "rows"] {
      var writer = SafetensorsWriter()
      for (tensor, shape) in [("embeddings", [2, 3]), ("soft_labels", [2, 2])] where tensor != missing {
        writer.add(tensor, shape: shape) { [Float](repeating: 0.5, count: shape[0] * shape[1]) }
      }
      if missing != "rows" { writer.add("rows", shape: [2]) { [0, 1] as [Int64] } }
      try writer.write(to: bench.url.appending(path: name))
      #expect(throws: FormatError.self, "without \(missing)") { try KnowledgeBase(folder: bench.url) }
    }
    var writer = SafetensorsWriter()
    writer.add("embeddings", shape: [2, 1]) { [1, 1] as [Float] }
    writer.add("soft_labels", shape: [2, 1]) { [1, 1] as [Float] }
    writer.add("rows", shape: [3]) { [0, 1, 2] as [Int64] }
    try writer.write(to: bench.url.appending(path: name))
    #expect(throws: FormatError.self) { try KnowledgeBase(folder: bench.url) }
  }

  /// Two neighbours that are right with probability `sure`, and a student that is with probability `own`.
  private func trials(sure: Float, own: Float) throws -> [MixingTrial] {
    let knowledge = KnowledgeBase(
      embeddings: Matrix(rows: 2, columns: 2, values: [1, 0, 0, 1]),
      softLabels: Matrix(rows: 2, columns: 2, values: [sure, 1 - sure, 1 - sure, sure]), rows: [0, 1])
    let task = try TaskDefinition.generic(RowLayout(.tsv, text: "text", target: "label"), labels: ["a", "b"])
    let sequence = TokenSequence(ids: [1], typeIDs: [0])
    var grid = MixingGrid()
    (grid.neighbours, grid.beta, grid.temperature) = ([2, 1], [1, 0.6, 0.3, 0], [0.5])
    return try augmentation(knowledge, Mixing()).trials(
      grid, embeddings: Tensor([2, 0, 0, 3], [2, 2]), outputs: Tensor([own, 1 - own, 1 - own, own], [2, 2]),
      data: EncodedDataset(sequences: [sequence, sequence], targets: [.label(0), .label(1)]), task: task)
  }

  @Test func choosesByLoss() throws {
    let helpful = try trials(sure: 1, own: 0.3)
    #expect(helpful.count == 8)
    for trial in helpful where trial.mixing.neighbours == 1 {
      let beta = Double(trial.mixing.beta)
      #expect(trial.scores[0].value == (beta < 5 / 7 ? 1 : 0))
      #expect(abs(trial.loss + log(0.3 * beta + 1 - beta)) < 1e-5)
    }
    #expect(
      RetrievalAugmentation.best(of: helpful)?.mixing == Mixing(neighbours: 1, beta: 0, temperature: 0.5))
    // All are right here, so that the scores are equal, and the student is surest.
    #expect(RetrievalAugmentation.best(of: try trials(sure: 0.6, own: 0.9))?.mixing.beta == 1)
    #expect(RetrievalAugmentation.best(of: []) == nil)

    // Rehearsals choose K and τ, and β is chosen without them.
    func trial(_ neighbours: Int, _ beta: Float, _ loss: Double, _ rehearsal: Double) -> MixingTrial {
      MixingTrial(
        mixing: Mixing(neighbours: neighbours, beta: beta, temperature: 0.1), scores: [], losses: [loss, loss],
        rehearsalLoss: rehearsal)
    }
    let rehearsed = [trial(32, 0.5, 1.0, 9), trial(4, 0.1, 1.4, 2), trial(4, 0.5, 1.2, 3), trial(4, 0.9, 1.3, 8)]
    #expect(RetrievalAugmentation.best(of: rehearsed)?.mixing == Mixing(neighbours: 4, beta: 0.5, temperature: 0.1))
  }

  /// Of mixings whose losses differ by no more than one standard error, the one that leaves the student most of its answer.
  @Test func choosesTheLargestBetaOfEquals() {
    func best(_ losses: [Float: [Double]]) -> Float? {
      RetrievalAugmentation.best(
        of: losses.map {
          MixingTrial(
            mixing: Mixing(neighbours: 4, beta: $0.key, temperature: 0.1), scores: [], losses: $0.value,
            rehearsalLoss: nil)
        })?.mixing.beta
    }
    // 0.6 exceeds the least by 0.1 with a standard error of 0.06, and then by 0.05 with one of 0.09.
    #expect(best([0.3: [1, 1, 1, 1], 0.6: [1.0, 1.0, 1.2, 1.2], 0.9: [1.0, 1.0, 1.4, 1.4]]) == 0.3)
    #expect(best([0.3: [1, 1, 1, 1], 0.6: [0.9, 0.9, 1.2, 1.2], 0.9: [1.0, 1.0, 1.4, 1.4]]) == 0.6)
    #expect(best([0.3: [1, 1, 1, 1], 1: [1, 1, 1, 1]]) == 1)
    // The student alone exceeds it by 0.15 with a standard error of 0.087, and then by 0.2 with one of 0.082.
    #expect(best([0.5: [1, 1, 1, 1], 1: [1.0, 1.0, 1.3, 1.3]]) == 1)
    #expect(best([0.5: [1, 1, 1, 1], 1: [1.0, 1.2, 1.2, 1.4]]) == 0.5)
    // One text tells nothing, and without β = 1 there is nothing to fall back to.
    #expect(best([0.5: [1], 1: [9]]) == 1)
    #expect(best([0.5: [1, 1, 1, 1], 0.9: [1.0, 1.0, 1.3, 1.3]]) == 0.5)
  }

  /// Two classes told with 0.9, of which three in four are right: 0.75 is what they should have been told with, and 9^(1/2) = 3.
  @Test func findsTheTemperatureOfAStudentThatIsTooSure() throws {
    let student = Matrix(rows: 4, columns: 2, values: [0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1])
    let sequence = TokenSequence(ids: [1], typeIDs: [0])
    let data = EncodedDataset(
      sequences: Array(repeating: sequence, count: 4), targets: [.label(0), .label(0), .label(1), .label(0)])
    var fitted = Mixing()
    try fitted.calibrate(student, on: data)
    #expect(fitted.studentTemperature == 2 && fitted.studentLine == Mixing.Line())
    let base = KnowledgeBase(
      embeddings: Matrix(rows: 1, columns: 2, values: [1, 0]), softLabels: Matrix(rows: 1, columns: 2, values: [0, 1]),
      rows: [0])
    let mixing = Mixing(neighbours: 1, beta: 0.8, temperature: 1, studentTemperature: 2)
    let (_, mixed) = try augmentation(base, mixing).answers(
      student: student.gathered([0]), neighbours: [[Neighbour(row: 0, similarity: 1)]])
    #expect(zip(mixed.values, [0.6, 0.4] as [Float]).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  /// A student that orders texts well and scores all of them half as far apart and too high. Unless a line corrects it first, neighbours
  /// that only know the mean make the squared error smaller.
  @Test func correctsScoresBeforeItChooses() throws {
    let right: [Float] = [0, 1, 2, 3, 4, 5]
    let outputs = Tensor(right.map { $0 / 2 + 5 }, [6, 1])
    let sequence = TokenSequence(ids: [1], typeIDs: [0])
    let data = EncodedDataset(
      sequences: Array(repeating: sequence, count: 6), targets: right.map { .score($0) })
    let base = KnowledgeBase(
      embeddings: Matrix(rows: 1, columns: 2, values: [1, 0]), softLabels: Matrix(rows: 1, columns: 1, values: [2.5]),
      rows: [0])
    var grid = MixingGrid()
    (grid.neighbours, grid.beta, grid.temperature) = ([1], [0, 0.5, 1], [0.1])
    func best(_ mixing: Mixing) throws -> MixingTrial? {
      RetrievalAugmentation.best(
        of: try augmentation(base, mixing).trials(
          grid, embeddings: Tensor(Array(repeating: [1, 0], count: 6).flatMap { $0 }, [6, 2]), outputs: outputs,
          data: data, task: try TaskDefinition.generic(RowLayout(.tsv, text: "text", target: "score"), labels: nil)))
    }
    var mixing = Mixing()
    #expect(try best(mixing)?.mixing.beta == 0)
    try mixing.calibrate(Matrix(outputs), on: data)
    #expect(abs(mixing.studentLine.slope - 2) < 1e-5 && abs(mixing.studentLine.offset + 10) < 1e-4)
    let chosen = try #require(try best(mixing))
    #expect(chosen.mixing.beta == 1 && chosen.loss < 1e-8)
    let written = try JSONEncoder().encode(chosen.mixing)
    #expect(try JSONDecoder().decode(Mixing.self, from: written) == chosen.mixing)

    try mixing.calibrate(Matrix(rows: 6, columns: 1, values: right.map { 7 - $0 }), on: data)
    #expect(mixing.studentLine.slope == 1 && mixing.studentLine.offset == -2)
  }
}

/// The records of the oldest runs have no checksum, so that anything may stand in them.
@Suite struct MixingRecordTests {
  @Test(arguments: [
    ("neighbours", "-1"), ("neighbours", "0"), ("beta", "1.5"), ("beta", "-0.1"), ("temperature", "0"),
    ("studentTemperature", "-2"),
  ]) func refusesWhatNobodyCouldHaveAskedFor(key: String, value: String) throws {
    func read(_ changes: [String: String]) throws -> Mixing {
      let fields = ["neighbours": "8", "beta": "0.5", "temperature": "0.1"].merging(changes) { $1 }
      let json = "{" + fields.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ") + "}"
      return try JSONDecoder().decode(Mixing.self, from: Data(json.utf8))
    }
    #expect(try read([:]) == Mixing(neighbours: 8, beta: 0.5, temperature: 0.1, isAdaptive: false))
    #expect(throws: DecodingError.self) { try read([key: value]) }
  }
}
