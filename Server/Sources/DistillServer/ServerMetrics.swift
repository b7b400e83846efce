import DistillCore
import Synchronization

/// What the server has done, in the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/).
final class ServerMetrics: Sendable {
  /// Counts of values up to bounds.
  private struct Histogram {
    let bounds: [Double]
    var counts: [Int]
    var sum = 0.0

    init(_ bounds: [Double]) { (self.bounds, counts) = (bounds, Array(repeating: 0, count: bounds.count + 1)) }

    mutating func add(_ value: Double) {
      counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
      sum += value
    }

    func lines(_ name: String, _ labels: String) -> [String] {
      let prefix = labels.isEmpty ? "" : labels + ","
      var (lines, total) = ([String](), 0)
      for (index, count) in counts.enumerated() {
        total += count
        let bound = index < bounds.count ? "\(bounds[index])" : "+Inf"
        lines.append("\(name)_bucket{\(prefix)le=\"\(bound)\"} \(total)")
      }
      let braces = labels.isEmpty ? "" : "{\(labels)}"
      return lines + ["\(name)_sum\(braces) \(sum)", "\(name)_count\(braces) \(total)"]
    }
  }

  private struct Request: Hashable {
    let path: String
    let status: Int
  }

  private struct State {
    var requests: [Request: Int] = [:]
    var seconds: [String: Histogram] = [:]
    var (texts, tokens, versions) = ([String: Int](), [String: Int](), [String: Int]())
    var batchTokens = Histogram((4...14).map { Double(1 << $0) })
    var batchSeconds = Histogram(ServerMetrics.times)
  }

  private static let times = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
  private let state = Mutex(State())

  func request(_ path: String, status: Int, seconds: Double) {
    state.withLock {
      $0.requests[Request(path: path, status: status), default: 0] += 1
      $0.seconds[path, default: Histogram(Self.times)].add(seconds)
    }
  }

  func batch(texts: Int, tokens: Int, seconds: Double, run: String) {
    state.withLock {
      $0.texts[run, default: 0] += texts
      $0.tokens[run, default: 0] += tokens
      $0.batchTokens.add(Double(tokens))
      $0.batchSeconds.add(seconds)
    }
  }

  func opened(run: String, version: Int) { state.withLock { $0.versions[run] = version } }

  /// Returns all figures.
  ///
  /// - Parameter waiting: The number of texts that wait for an answer.
  func text(waiting: Int) -> String {
    let state = state.withLock { $0 }
    var lines: [String] = []
    func family(_ name: String, _ type: String, _ help: String, _ samples: [String]) {
      lines += ["# HELP \(name) \(help)", "# TYPE \(name) \(type)"] + samples
    }
    func byRun(_ name: String, _ values: [String: Int]) -> [String] {
      values.sorted { $0.key < $1.key }.map { "\(name){run=\"\(Self.escaped($0.key))\"} \($0.value)" }
    }
    family(
      "distill_requests_total", "counter", "Requests that were answered.",
      state.requests.sorted { ($0.key.path, $0.key.status) < ($1.key.path, $1.key.status) }.map {
        "distill_requests_total{path=\"\($0.key.path)\",status=\"\($0.key.status)\"} \($0.value)"
      })
    family(
      "distill_request_seconds", "histogram", "Time from the head of a request to its answer.",
      state.seconds.sorted { $0.key < $1.key }.flatMap {
        $0.value.lines("distill_request_seconds", "path=\"\($0.key)\"")
      })
    family(
      "distill_texts_total", "counter", "Texts that were read by the student.",
      byRun("distill_texts_total", state.texts))
    family("distill_tokens_total", "counter", "Tokens of these texts.", byRun("distill_tokens_total", state.tokens))
    family(
      "distill_batch_tokens", "histogram", "Tokens of a batch.", state.batchTokens.lines("distill_batch_tokens", ""))
    family(
      "distill_batch_seconds", "histogram", "Time of a batch.", state.batchSeconds.lines("distill_batch_seconds", ""))
    family("distill_queue_texts", "gauge", "Texts that wait for an answer.", ["distill_queue_texts \(waiting)"])
    family("distill_run_version", "gauge", "How often a run was opened.", byRun("distill_run_version", state.versions))
    family(
      "distill_build_info", "gauge", "The version of swift-distill.",
      ["distill_build_info{version=\"\(SwiftDistill.version)\"} 1"])
    return lines.joined(separator: "\n") + "\n"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
