import DistillCore

/// A line in `metrics.jsonl`.
package enum MetricsRecord: Sendable, Codable {
  case step(StepRecord)
  case epoch(EpochRecord)
  case stage(StageRecord)

  private enum CodingKeys: CodingKey { case event }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    switch try container.decode(String.self, forKey: .event) {
    case "step": self = .step(try StepRecord(from: decoder))
    case "epoch": self = .epoch(try EpochRecord(from: decoder))
    case "stage": self = .stage(try StageRecord(from: decoder))
    case let other:
      throw DecodingError.dataCorruptedError(forKey: .event, in: container, debugDescription: "unknown event \(other)")
    }
  }

  package func encode(to encoder: any Encoder) throws {
    switch self {
    case .step(let record): try record.encode(to: encoder)
    case .epoch(let record): try record.encode(to: encoder)
    case .stage(let record): try record.encode(to: encoder)
    }
  }

  package var phase: String {
    switch self {
    case .step(let record): record.phase
    case .epoch(let record): record.phase
    case .stage(let record): record.phase
    }
  }

  /// The number of finished steps of the phase.
  package var step: Int {
    switch self {
    case .step(let record): record.step
    case .epoch(let record): record.step
    case .stage(let record): record.step
    }
  }
}
