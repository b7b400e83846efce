import DistillCore
import Foundation

/// The results of a run or an evaluation.
public struct Report: Sendable, Codable {
  public let name: String
  /// The version of the program that made the report.
  public let version: String
  /// One row for each way of answering: teacher, student, student with knowledge base, and baselines. Empty if there was no
  /// validation file.
  public let rows: [EvaluationRow]
  /// The number of texts that the rows were evaluated on.
  public let count: Int
  /// A sentence about what was chosen on these same texts, or `nil` if nothing was.
  public let selection: String?
  package let mixing: Mixing?
  package let knowledgeBaseSize: Int?
  /// How the knowledge base is searched. `nil` without one, and in reports of older versions.
  package let search: String?
  /// What explains the gain of retrieval. `nil` without a knowledge base, and for regression.
  package let retrieval: RetrievalDiagnosis?
  /// How labels that the student does not know are answered. `nil` if there are none among the texts.
  package let labels: LabelGroups?
  /// How well novelty tells texts of labels that nobody has taught. `nil` if there are none.
  package let novelty: NoveltyDiagnosis?
  /// How closely the matched layers agree. Empty if there is no teacher.
  package let layers: [LayerAgreement]
  /// Sentences about the teacher, and about what answers. `nil` in reports of older versions.
  public let remarks: [String]?
  /// What the page shows beside the rows. `nil` in reports of older versions.
  package var findings: Findings?
  /// What each row answered to each text, which is not part of the report's JSON. `nil` if there was no validation file.
  package private(set) var answers: RecordedAnswers?

  private enum CodingKeys: CodingKey {
    case name, version, rows, count, selection, mixing, knowledgeBaseSize, search, retrieval, labels, novelty, layers
    case findings, remarks
  }

  package init(
    name: String, rows: [EvaluationRow] = [], count: Int = 0, selection: String? = nil, mixing: Mixing? = nil,
    knowledgeBaseSize: Int? = nil, search: String? = nil, retrieval: RetrievalDiagnosis? = nil,
    labels: LabelGroups? = nil, novelty: NoveltyDiagnosis? = nil, layers: [LayerAgreement] = [], remarks: [String] = [],
    findings: Findings? = nil, answers: RecordedAnswers? = nil
  ) {
    (self.name, self.rows, self.mixing, self.knowledgeBaseSize) = (name, rows, mixing, knowledgeBaseSize)
    self.search = search
    (self.count, self.selection, self.retrieval, self.layers) = (count, selection, retrieval, layers)
    (self.labels, self.novelty) = (labels, novelty)
    self.findings = findings
    self.remarks = remarks
    (self.answers, version) = (answers, SwiftDistill.version)
  }

  /// The rows that no other row surpasses: none is as fast and has a better first score, or has as good a score and is faster.
  /// The fastest comes first. Rows without a speed are left out.
  package var front: [EvaluationRow] {
    unsurpassed(rows.filter { $0.speed != nil }, score: { $0.scores.first?.value ?? 0 }, speed: { $0.speed ?? 0 })
  }

  /// Reads the report of a run.
  ///
  /// - Throws: `FormatError` if it cannot be read.
  package init(_ folder: RunFolder) throws {
    do { self = try JSONDecoder.snakeCase.decode(Report.self, from: FileSystem.contents(of: folder.report)) } catch {
      throw FormatError(file: folder.report, "is damaged, or not the report of a run")
    }
  }

  /// Returns the report as JSON.
  public func json() throws -> String { String(decoding: try JSONEncoder.pretty.encode(self), as: UTF8.self) }

  func write(to folder: RunFolder) throws {
    try AtomicFile.write(Data(json().utf8), to: folder.report)
    try AtomicFile.write(Data(html.utf8), to: folder.page)
    try answers?.write(to: folder.answers)
  }

  /// Returns what is to be said of figures on texts of which some are also among others, or `nil` if none is.
  static func remark(on examples: [Example], alsoIn place: String, _ others: [PlainText]) -> String? {
    let others = Set(others)
    let count = examples.count { others.contains(PlainText($0)) }
    return count == 0
      ? nil
      : "\(count) of the \(examples.count) texts are also in \(place): figures on these are not those of unseen texts"
  }

  /// Returns a number with a fixed number of decimal places, in the same form for every locale.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    let text = String(format: "%.\(digits)f", locale: Locale(identifier: "en_US_POSIX"), value)
    return value < 0 && !text.contains { ("1"..."9").contains($0) } ? String(text.dropFirst()) : text  // no −0.000
  }
}
