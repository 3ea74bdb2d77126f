"""The API server: objects, their verbs, and HTTP over them. It knows neither controllers nor the kubelet."""
